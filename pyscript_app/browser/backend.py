"""Which processor runs the graphs, and which of the UNet's: decided by a known answer and a stopwatch, not by hope."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, prod, sqrt
from time import perf_counter
from typing import Any

import js

from pyscript_app.browser.files import Bytes
from pyscript_app.browser.runtime import make_tensor, plain, read_tensor
from pyscript_app.browser.sessions import Opener
from pyscript_app.browser.trouble import TroubleError, explain
from pyscript_app.manifest import UNETS, Manifest, largest_piece

TOLERANCE = 1e-2  # relative L2 error that a right backend may show on the stored answer
TIMED_RUNS = 2
# A bigger UNet is not loaded again only to see whether another way would be faster.
RACE_LIMIT = 200_000_000  # bytes


@dataclass(frozen=True)
class Candidate:
    """A way to run the UNet: "webgpu" or "wasm", and which of its graphs."""

    backend: str
    unet: str  # "unet" (plain self-attention) or "unet_fused"


@dataclass(frozen=True)
class Choice:
    """What runs the graphs, the UNet's open session, and why, in one sentence."""

    candidate: Candidate
    session: Any
    note: str


@dataclass(frozen=True)
class Trial:
    """A candidate's session and what it did with the known answer; or how it failed."""

    candidate: Candidate
    session: Any
    error: float  # relative L2
    seconds: float
    failure: Exception | None

    @property
    def right(self) -> bool:
        """Whether its numbers can be trusted."""
        return self.error <= TOLERANCE


async def find_adapter() -> Any:
    """The browser's graphics adapter, or None."""
    gpu = getattr(js.navigator, "gpu", None)
    if not gpu:
        return None
    # The one that onnxruntime-web takes.
    adapter = await gpu.requestAdapter(plain({"powerPreference": "high-performance"}))
    return adapter or None  # JavaScript's null is falsy, but not None


def adapter_name(adapter: Any) -> str:
    """What the adapter calls itself; one that only imitates a graphics card is called so."""
    if adapter is None:
        return ""
    info = adapter.info
    name = info.description or " ".join(filter(None, (info.vendor, info.architecture))) or "unnamed"
    return f"{name} (in software)" if _in_software(adapter) else name


def _in_software(adapter: Any) -> bool:
    info = adapter.info
    return bool(getattr(info, "isFallbackAdapter", False)) or "swiftshader" in info.architecture.lower()


def backends(adapter: Any, forced: str | None) -> tuple[list[str], str]:
    """The backends worth trying, the hoped-for one first, and why WebGPU is not among them, in one sentence.

    Raises:
        TroubleError: the forced one cannot run here.
    """
    if forced == "webgpu" and adapter is None:
        raise TroubleError("unsupported", "This browser offers no WebGPU: leave ?backend=webgpu out.")
    if forced:
        return [forced], ""
    if adapter is None:
        return ["wasm"], "No WebGPU here: the processor computes the same picture, only slower."
    if _in_software(adapter):
        return ["wasm"], "The graphics card here is imitated in software: the processor itself is faster."
    return ["webgpu", "wasm"], ""


def candidates(names: Sequence[str], manifest: Manifest, adapter: Any) -> tuple[list[Candidate], str]:
    """The ways worth trying, the hoped-for one first, and why WebGPU is not among them, in one sentence.

    Args:
        names: from ``backends``.
        manifest: of the model.
        adapter: the graphics adapter, which binds no array larger than its limits.

    Raises:
        TroubleError: nothing is left.
    """
    unets = [unet for unet in UNETS if unet in manifest["graphs"]]
    found = [Candidate(name, unet) for name in names for unet in unets]
    if "webgpu" not in names:
        return found, ""
    limit = min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize)
    largest = {unet: largest_piece(manifest, unet) or 0 for unet in unets}
    found = [each for each in found if each.backend == "wasm" or largest[each.unet] <= limit]
    if any(each.backend == "webgpu" for each in found):
        return found, ""
    lack = (
        f"The graphics card takes arrays of {limit / 1e6:.0f} MB at most, "
        f"and this model has one of {min(largest.values()) / 1e6:.0f} MB"
    )
    if not found:
        raise TroubleError("unsupported", f"{lack}: leave ?backend=webgpu out.")
    return found, f"{lack}, so the processor computes."


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
    if best is None:
        raise trials[-1].failure or TroubleError(
            "unsupported",
            f"This browser computes wrong numbers ({trials[-1].error:.1%} off): update it, or try another.",
        )
    for trial in trials:
        if trial is not best and trial.right:
            await trial.session.release()
    return Choice(best.candidate, best.session, _note(trials, best))


def _note(trials: Sequence[Trial], best: Trial) -> str:
    """Why the hoped-for backend was not taken."""
    hoped = [trial for trial in trials if trial.candidate.backend == trials[0].candidate.backend]
    if best in hoped:
        return ""
    if (failure := hoped[0].failure) and not any(trial.session for trial in hoped):
        return f"WebGPU failed ({explain(failure).message[:120]}), so the processor computes."
    if not any(trial.right for trial in hoped):
        return "The graphics card computes wrong numbers here, so the processor computes."
    return "On this device the processor is faster than the graphics card, so it computes."


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
