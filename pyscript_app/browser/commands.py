"""What the page may ask of the worker: the functions here without an underscore.

``web/main.py`` exports these to the page (``web/engine/worker.js``). What happens meanwhile is posted as messages
with a ``kind``: ``progress`` (fields of the store's ``engine``), ``forgotten`` (a run that cannot be gone on from any
more), ``trouble`` when the engine cannot go on, and of an activity, with its ``id``, each ``item`` and the ``stage``
(the graph that begins).

Whatever takes its turn is an activity. ``read_prompt``, ``noise_shares``, ``decode`` and ``take_step`` are none: they
answer beside the one that goes.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable, Coroutine
from typing import Any

import js

from pyscript_app import course
from pyscript_app.browser.control import EndedError
from pyscript_app.browser.engine import Engine
from pyscript_app.browser.loading import load
from pyscript_app.browser.messages import reading_message
from pyscript_app.browser.runtime import plain
from pyscript_app.browser.trouble import explain
from pyscript_app.page_form import page_form
from pyscript_app.refusal import RefusalError
from pyscript_app.settings import Settings

_engine: Engine | None = None


async def start(options: Any) -> Any:
    """Load and try a model.

    Args:
        options: ``{base, manifest, backend, verdict}``: the page's address, the text of the model's manifest,
            "webgpu", "wasm" or null for the better one, and the ``verdict`` of an earlier start on the same files, or
            null.

    Returns:
        ``{backend, adapter, threads, selfAttention, sparing, note, build, verdict}``, where ``selfAttention`` is
        "plain" or "fused", ``sparing`` says that heavy graphs are opened one at a time, ``build`` are module and
        WebAssembly of onnxruntime-web, below ``base``, and ``verdict`` is a text to be told to later starts; or
        ``{trouble}``.
    """
    global _engine  # noqa: PLW0603 (a worker has one engine)
    try:
        loaded = await load(options)
    except Exception as error:
        return plain({"trouble": _trouble(error)})
    _engine = Engine(loaded)
    return plain(loaded.facts)


def run(activity: str, wishes: Any = None, name: str = "") -> Awaitable[Any]:
    """Do an activity when those before it have ended; its items are posted as they come.

    Args:
        activity: its name in ``activities/table.py``.
        wishes: what the activity's ``run`` takes.
        name: the ``id`` of its messages, by which later activities find what it kept.

    Returns:
        ``{}``, ``{cancelled: true}`` or ``{trouble}``. After any of them the next activity can be asked for.
    """
    assert _engine is not None, "start first"
    # Here and not in the task, which begins later: a cancel in between is this one's.
    work = _engine.ask(activity, wishes.to_py() if wishes else {}, name)
    return asyncio.ensure_future(_answer(work))


async def _answer(work: Coroutine[Any, Any, None]) -> Any:
    try:
        await work
    except EndedError:
        return plain({"cancelled": True})
    except Exception as error:
        return plain({"trouble": _trouble(error)})
    return plain({})


def read_prompt(text: str) -> Any:
    """The prompt as the tokenizer reads it: the page's ``Reading`` without its ``prompt``."""
    assert _engine is not None, "start first"
    return plain(reading_message(text, _engine.model.tokenizer.read(text)))


def noise_shares(settings: Any) -> Any:
    """How noisy each step of a run from noise would be, from 0 to 1; none where it cannot be drawn."""
    assert _engine is not None, "start first"
    try:
        return plain(course.noise_shares(Settings(**settings.to_py()), _engine.model))
    except RefusalError:
        return plain([])


async def decode(latent: Any, scale: float = 1.0) -> Any:
    """A latent decoded in full: ``{picture, ms}`` with the values of ``[H, W, 4]``.

    Args:
        latent: a Float32Array, ``[C, h, w]``.
        scale: what it is multiplied by before (``Frame.latent_scale``).
    """
    assert _engine is not None, "start first"
    picture, ms = await _engine.decode(array("f", [scale * value for value in latent.to_py()]))
    return plain({"picture": picture, "ms": ms})


async def take_step(run: str, step: int, guidance: float) -> Any:
    """A step of an earlier run with another guidance: the step's graph alone, the network is not asked.

    Args:
        run: its name.
        step: from 1.
        guidance: to take it with.

    Returns:
        ``{guidance, eps, x0, latent, picture, drawnBy}`` with the values of ``[C, h, w]`` and ``[H, W, 4]``, or
        ``{trouble}``.
    """
    assert _engine is not None, "start first"
    try:
        taken = await _engine.take_step(run, step, guidance)
    except Exception as error:
        return plain({"trouble": _trouble(error)})
    return plain(page_form(taken, lambda _, values: values, {"scaled", "history"}))


def retain(runs: Any) -> None:
    """Forget all runs but those of these names: what the page has forgotten is not gone on from."""
    if _engine:
        _engine.past.retain(set(runs.to_py()))


def rest(seconds: float) -> None:
    """Wait so long after each step, of what goes on and of what comes; any button ends the waiting."""
    if _engine:
        _engine.rest(seconds)


def pause() -> None:
    """Stop before the next step."""
    if _engine:
        _engine.control.pause()


def resume() -> None:
    """Go on after a pause."""
    if _engine:
        _engine.control.resume()


def step() -> None:
    """Do one step, then stop."""
    if _engine:
        _engine.control.step()


def cancel() -> None:
    """End the activity within one step."""
    if _engine:
        _engine.control.cancel()


def _trouble(error: BaseException) -> dict[str, str]:
    trouble = explain(error)
    if trouble.code == "unknown":
        js.console.error(repr(error))
    return trouble.content()
