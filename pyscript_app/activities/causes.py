"""What a word carries: from the same noise, small and quickly drawn, the word alone, cut, unheard, off and deleted."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from pyscript_app import loop
from pyscript_app.activities.drawing import Drawing
from pyscript_app.activities.tools import Tools
from pyscript_app.causes import changed, group_verdict, original, rms, shares, trials, verdict
from pyscript_app.course import chart
from pyscript_app.frame import Frame
from pyscript_app.model import Model
from pyscript_app.refusal import RefusalError
from pyscript_app.settings import Settings, Start
from pyscript_app.state import State

ORIGINAL, GAIN = "original", "gain"
FEW = 4  # steps of a quick picture, as of the page's others


@dataclass(frozen=True)
class Change:
    """How a finished picture differs from the original."""

    rms: float
    """``causes.rms``"""
    marks: bytes | None
    """[H, W] which pixels changed; where a place was given."""
    inside: float | None
    """Which part of the pixels changed inside that place; None where it has none."""
    outside: float | None
    """Likewise outside it."""


@dataclass(frozen=True)
class Cause:
    """One of the pictures after a step."""

    way: str
    """"original", one of ``causes.WAYS`` or ``causes.GROUPS``, or "gain"."""
    step: int
    """From 1."""
    steps: int
    picture: array[float]
    """[H, W, 4] 0 to 255; empty where this step was not drawn."""
    gains: Mapping[str, float]
    """With these and ``slots`` it can be drawn again."""
    slots: Mapping[str, str]
    change: Change | None
    """With the last step, but of the original."""
    changes: Mapping[str, float] | None
    """With the last step of all: each way's ``rms``."""
    verdict: str | None
    """With that, what they say: one of ``causes.VERDICTS`` or ``causes.GROUP_VERDICTS``; None of another strength."""


async def run(wishes: dict[str, Any], tools: Tools) -> AsyncGenerator[Cause, None]:
    """Draw the original, unless it is given, and then each picture in which something was done to a word.

    Args:
        wishes: As ``Drawing.read`` takes them, and: ``word``, by its text, without which all words are set against all
            the padding; with ``gain``, another strength of the word, that alone is drawn. ``picture``, the original's
            [H, W, 4] if it is there already, which counts where the settings are the original's. ``place``
            [side, side], 1 inside and 0 outside: what changed is told apart by it. ``quick``: few steps.
        tools: Its past says where an earlier run began, and keeps nothing of these.

    Raises:
        RefusalError: One of them cannot be drawn; nothing has run then.
    """
    wishes = dict(wishes)
    word, gain, place, picture = (wishes.pop(name, None) for name in ("word", "gain", "place", "picture"))
    if wishes.pop("quick", False):
        wishes["steps"], picture = min(wishes.get("steps", FEW), FEW), None
    drawing = Drawing.read(wishes, tools)
    plain, tries = _pictures(drawing.settings, tools.model, None if word is None else str(word), gain)
    given = plain == drawing.settings and picture is not None
    first = _checked(picture, tools.model) if given else None
    pictures = tries if given else {ORIGINAL: plain, **tries}
    for settings in pictures.values():
        chart(settings, tools.model, drawing.start)
    changes: dict[str, float] = {}
    for way, settings in pictures.items():
        async with aclosing(_draw(settings, drawing.start, tools)) as frames:
            async for frame in frames:
                change = None
                if frame.step == frame.steps and first is None:
                    first = frame.picture
                elif frame.step == frame.steps and first is not None:
                    change = _change(first, frame.picture, place, tools.model)
                    changes[way] = change.rms
                ended = len(changes) == len(tries)
                yield Cause(
                    way=way,
                    step=frame.step,
                    steps=frame.steps,
                    picture=frame.picture,
                    gains=settings.gains,
                    slots=settings.slots,
                    change=change,
                    changes=changes if ended else None,
                    verdict=_verdict(changes) if ended else None,
                )


def _pictures(
    settings: Settings, model: Model, word: str | None, gain: float | None
) -> tuple[Settings, dict[str, Settings]]:
    """The original's settings, and those of each picture beside it."""
    if gain is None:
        plain = original(settings, word)
        return plain, trials(plain, model.tokenizer, word)
    if not word:
        raise RefusalError("gain-nobody")
    others = original(settings, word).gains
    return settings, {GAIN: replace(settings, gains={**others, word.lower(): gain})}


def _draw(settings: Settings, start: Start | State | None, tools: Tools) -> AsyncGenerator[Frame, None]:
    """The frames of a picture whose steps on the way are drawn by a cheap graph, or not at all."""
    *_, cheapest = tools.model.previews
    preview = cheapest if settings.preview == "full" else settings.preview
    return loop.generate(
        replace(settings, preview=preview, every=1),
        tools.model,
        tools.runtime,
        start=start,
        last_only=preview == "full",
        keep_states=False,
    )


def _verdict(changes: Mapping[str, float]) -> str | None:
    if GAIN in changes:
        return None
    if "cut" in changes:
        return verdict(changes["cut"], changes["deleted"])
    return group_verdict(changes["words"], changes["padding"])


def _checked(picture: Sequence[float], model: Model) -> Sequence[float]:
    height, width = model.size
    if len(picture) != height * width * 4:
        raise RefusalError("original-size", width=width, height=height)
    return picture


def _change(
    first: Sequence[float], picture: array[float], place: Sequence[int] | None, model: Model
) -> Change:
    if place is None:
        return Change(rms(first, picture), None, None, None)
    marks = changed(first, picture)
    return Change(rms(first, picture), marks, *shares(marks, place, model.size[1]))
