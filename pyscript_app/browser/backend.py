"""Which processor runs the graphs, and which of the UNet's: decided by a known answer and a stopwatch, not by hope."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, prod, sqrt
from time import perf_counter
from typing import Any, Protocol

import js

from pyscript_app.browser.files import Bytes
from pyscript_app.browser.runtime import Session, import_module, make_tensor, plain, read_tensor
from pyscript_app.browser.sessions import Opener
from pyscript_app.browser.trouble import TroubleError, own_words
from pyscript_app.manifest import UNETS, Manifest, largest_piece
from pyscript_app.refusal import RefusalError

TOLERANCE = 1e-2  # relative L2 error that a right backend may show on the stored answer
TIMED_RUNS = 2
# A bigger UNet is not loaded again only to see whether another way would be faster.
RACE_LIMIT = 200_000_000  # bytes


class Adapter(Protocol):
    """The browser's graphics adapter as ``web/device/adapter.js`` tells it."""

    name: str
    software: bool  # a processor imitates it
    largest: int  # bytes that it binds at once


@dataclass(frozen=True)
class Candidate:
    """A way to run the UNet: "webgpu" or "wasm", and which of its graphs."""

    backend: str
    unet: str  # "unet" (plain self-attention) or "unet_fused"


# Why a backend runs, as a code with values; the page has its sentence as ``note.<reason>``.
Note = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """What runs the graphs, the UNet's open session, and why, where there is something to say."""

    candidate: Candidate
    session: Session
    note: Note | None


@dataclass(frozen=True)
class Trial:
    """A candidate's session and what it did with the known answer; or how it failed."""

    candidate: Candidate
    session: Session | None
    error: float  # relative L2
    seconds: float
    failure: Exception | None

    @property
    def right(self) -> bool:
        """Whether its numbers can be trusted."""
        return self.error <= TOLERANCE


async def find_adapter(base: str) -> Adapter | None:
    """The browser's graphics adapter, as the page's own module finds it below its folder ``base``."""
    found: Adapter | None = await (await import_module(base + "device/adapter.js")).findAdapter()
    return found or None  # JavaScript's null is falsy, but not None


def adapter_name(adapter: Adapter | None) -> str:
    """What the adapter calls itself; one that only imitates a graphics card is called so."""
    return adapter.name if adapter else ""


def note(reason: str, /, **values: str | float) -> Note:
    """Why a backend runs."""
    return {"reason": reason, "values": values}


def backends(adapter: Adapter | None, forced: str | None) -> tuple[list[str], Note | None]:
    """The backends worth trying, the hoped-for one first, and why WebGPU is not among them.

    Raises:
        TroubleError: the forced one cannot run here.
    """
    if forced == "webgpu" and adapter is None:
        raise TroubleError("unsupported", RefusalError("card-absent"))
    if forced:
        return [forced], None
    if adapter is None:
        return ["wasm"], note("card-absent")
    if adapter.software:
        return ["wasm"], note("card-software")
    return ["webgpu", "wasm"], None


def candidates(
    names: Sequence[str], manifest: Manifest, adapter: Adapter | None
) -> tuple[list[Candidate], Note | None]:
    """The ways worth trying, the hoped-for one first, and why WebGPU is not among them.

    Args:
        names: from ``backends``.
        manifest: of the model.
        adapter: the graphics adapter.

    Raises:
        TroubleError: nothing is left.
    """
    unets = [unet for unet in UNETS if unet in manifest["graphs"]]
    found = [Candidate(name, unet) for name in names for unet in unets]
    if "webgpu" not in names or adapter is None:
        return found, None
    largest = {unet: largest_piece(manifest, unet) or 0 for unet in unets}
    found = [each for each in found if each.backend == "wasm" or largest[each.unet] <= adapter.largest]
    if any(each.backend == "webgpu" for each in found):
        return found, None
    most, piece = round(adapter.largest / 1e6), round(min(largest.values()) / 1e6)
    if not found:
        raise TroubleError("unsupported", RefusalError("card-small", most=most, largest=piece))
    return found, note("card-small", most=most, largest=piece)


async def choose(
    ort: Any, ways: Sequence[Candidate], manifest: Mapping[str, Any], opener: Opener, probe: Bytes
) -> Choice:
    """Try the UNet on the stored probe and take the fastest way that gives the right answer.

    Of a big model the first right one is taken, for each trial loads it anew.

    Args:
        ort: the onnxruntime-web module.
        ways: from ``candidates``.
        manifest: of the model.
        opener: of its sessions.
        probe: the bytes of the manifest's probe.

    Raises:
        TroubleError: none gives the right answer.
    """
    known = _known(manifest["probe"]["tensors"], probe)
    race = len(ways) > 1 and manifest["graphs"]["unet"]["bytes"] <= RACE_LIMIT
    trials: list[Trial] = []
    for way in ways:
        trials.append(await _try(way, ort, manifest["graphs"], opener, known, race))
        if trials[-1].right and not race:
            break
    best = min((trial for trial in trials if trial.right), key=lambda trial: trial.seconds, default=None)
    if best is None or best.session is None:
        wrong = RefusalError("numbers-wrong", error=f"{trials[-1].error:.1%}")
        raise trials[-1].failure or TroubleError("unsupported", wrong)
    for trial in trials:
        if trial is not best and trial.right and trial.session:
            await trial.session.release()
    return Choice(best.candidate, best.session, _note(trials, best))


def _note(trials: Sequence[Trial], best: Trial) -> Note | None:
    """Why the hoped-for backend was not taken."""
    hoped = [trial for trial in trials if trial.candidate.backend == trials[0].candidate.backend]
    if best in hoped:
        return None
    if (failure := hoped[0].failure) and not any(trial.session for trial in hoped):
        return note("card-failed", reason=own_words(failure)[:120])
    if not any(trial.right for trial in hoped):
        return note("card-wrong")
    return note("card-slow")


async def _try(
    way: Candidate,
    ort: Any,
    graphs: Mapping[str, Any],
    opener: Opener,
    known: Mapping[str, tuple[array[float], list[int]]],
    timed: bool,
) -> Trial:
    """Open the UNet in one way and compare its answer; a driver may fail in any way. A wrong one is released."""
    error, seconds = inf, inf
    try:
        session = await opener.open(way.unet, way.backend)
        feeds = plain(
            {
                name: make_tensor(ort, *value)
                for name, value in known.items()
                if name in graphs[way.unet]["inputs"]
            }
        )
        for run in range(1 + TIMED_RUNS if timed else 1):
            started = perf_counter()
            results = await session.run(feeds)
            got = await read_tensor(results.output)
            if run > 0:  # the first one compiles shaders
                seconds = min(seconds, perf_counter() - started)
            error = _relative_error(got, known["output"][0])
            for output in graphs[way.unet]["outputs"]:
                getattr(results, output).dispose()
        trial = Trial(way, session, error, seconds, None)
        if not trial.right:
            await session.release()
    except Exception as failure:
        return Trial(way, None, inf, inf, failure)
    return trial


def _known(places: Mapping[str, Any], content: Bytes) -> dict[str, tuple[array[float], list[int]]]:
    """The tensors of probe.bin: values and shape by name."""
    known = {}
    for tensor, place in places.items():
        count = prod(place["shape"])
        values = array("f", bytes(4 * count))
        js.Float32Array.new(content.buffer, content.byteOffset + place["offset"], count).assign_to(values)
        known[tensor] = values, place["shape"]
    return known


def _relative_error(got: array[float], expected: array[float]) -> float:
    """L2 norm of the difference over that of the expected values; infinite for NaN."""
    difference = sqrt(sum((a - b) ** 2 for a, b in zip(got, expected, strict=True)))
    error = difference / sqrt(sum(value * value for value in expected))
    return error if isfinite(error) else inf
