"""Which processor runs the graphs: decided by a known answer and a stopwatch, not by hope."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite, prod, sqrt
from time import perf_counter
from typing import Any

import js
from pyodide.code import run_js

from pyscript_app.browser.runtime import create_session, make_tensor, plain, read_tensor
from pyscript_app.browser.storage import Bytes
from pyscript_app.browser.trouble import TroubleError, explain

TOLERANCE = 1e-2  # relative L2 error that a right backend may show on the stored answer
TIMED_RUNS = 2
# A bigger UNet is not loaded a second time only to see whether the processor would be faster.
RACE_LIMIT = 200_000_000  # bytes
MOST_THREADS = 4

# onnxruntime-web's builds: the smallest that does what this browser can.
BUILDS = {
    "wasm": ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),
    "jspi": ("ort.jspi.bundle.min.mjs", "ort-wasm-simd-threaded.jspi.wasm"),
    "asyncify": ("ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm"),
}


@dataclass(frozen=True)
class Backend:
    """What runs the graphs: "webgpu" or "wasm", the UNet's session on it, and why, in one sentence."""

    name: str
    unet: Any
    note: str


@dataclass(frozen=True)
class Trial:
    """A UNet session and what it did with the known answer; or how it failed."""

    name: str
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
    adapter = await gpu.requestAdapter()
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


def candidates(adapter: Any, forced: str | None) -> tuple[list[str], str]:
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


def build_files(webgpu: bool) -> tuple[str, str]:
    """The module and the WebAssembly of the build that fits this browser, below the page's folder."""
    jspi = hasattr(js.WebAssembly, "Suspending")
    module, binary = BUILDS["wasm" if not webgpu else "jspi" if jspi else "asyncify"]
    return f"vendor/ort/{module}", f"vendor/ort/{binary}"


async def load_onnxruntime(base: str, build: tuple[str, str]) -> Any:
    """Import a build of onnxruntime-web from below ``base``, the page's folder."""
    module, binary = build
    ort = await run_js("(address) => import(address)")(base + module)
    ort.env.wasm.wasmPaths = plain({"wasm": base + binary})
    ort.env.wasm.numThreads = thread_count()
    ort.env.logLevel = "error"
    return ort


def thread_count() -> int:
    """Threads that WASM may use: shared memory needs an isolated page."""
    return max(1, min(MOST_THREADS, js.navigator.hardwareConcurrency or 1)) if js.crossOriginIsolated else 1


async def choose(
    ort: Any, names: list[str], manifest: Mapping[str, Any], files: Mapping[str, Bytes]
) -> Backend:
    """Try the UNet on the stored probe and take the fastest backend that gives the right answer.

    Args:
        ort: the onnxruntime-web module.
        names: from ``candidates``.
        manifest: of the model.
        files: the bytes of the UNet's graph, its shards and the probe, by path.

    Raises:
        TroubleError: no backend gives the right answer.
    """
    trials: list[Trial] = []
    for name in names:
        trials.append(await _try(name, ort, manifest, files, timed=len(names) > 1))
        if trials[-1].right and manifest["graphs"]["unet"]["bytes"] > RACE_LIMIT:
            break
    best = min((trial for trial in trials if trial.right), key=lambda trial: trial.seconds, default=None)
    if best is None:
        raise trials[-1].failure or TroubleError(
            "unsupported",
            f"This browser computes wrong numbers ({trials[-1].error:.1%} off): update it, or try another.",
        )
    for trial in trials:
        if trial is not best and trial.session:
            await trial.session.release()
    return Backend(best.name, best.session, _note(trials[0], best))


def _note(first: Trial, best: Trial) -> str:
    """Why the hoped-for backend was not taken."""
    if first is best:
        return ""
    if first.failure:
        return f"WebGPU failed ({explain(first.failure).message[:120]}), so the processor computes."
    if not first.right:
        return "The graphics card computes wrong numbers here, so the processor computes."
    return "On this device the processor is faster than the graphics card, so it computes."


async def _try(
    name: str, ort: Any, manifest: Mapping[str, Any], files: Mapping[str, Bytes], timed: bool
) -> Trial:
    """Open the UNet on one backend and compare its answer; a driver may fail in any way."""
    try:
        session = await create_session(ort, manifest["graphs"], "unet", files, name)
        known = _probe(manifest["probe"]["tensors"], files[manifest["probe"]["file"]])
        expected = known.pop("output")[0]
        feeds = plain({tensor: make_tensor(ort, values, shape) for tensor, (values, shape) in known.items()})
        error, seconds = inf, inf
        for run in range(1 + TIMED_RUNS if timed else 1):
            started = perf_counter()
            results = await session.run(feeds)
            got = await read_tensor(results.output)
            if run > 0:  # the first one compiles shaders
                seconds = min(seconds, perf_counter() - started)
            error = _relative_error(got, expected)
            for output in manifest["graphs"]["unet"]["outputs"]:
                getattr(results, output).dispose()
    except Exception as failure:
        return Trial(name, None, inf, inf, failure)
    return Trial(name, session, error, seconds, None)


def _probe(places: Mapping[str, Any], content: Bytes) -> dict[str, tuple[array, list[int]]]:
    """The tensors of probe.bin: values and shape by name."""
    known = {}
    for tensor, place in places.items():
        count = prod(place["shape"])
        values = array("f", bytes(4 * count))
        js.Float32Array.new(content.buffer, content.byteOffset + place["offset"], count).assign_to(values)
        known[tensor] = values, place["shape"]
    return known


def _relative_error(got: array, expected: array) -> float:
    """L2 norm of the difference over that of the expected values; infinite for NaN."""
    difference = sqrt(sum((a - b) ** 2 for a, b in zip(got, expected, strict=True)))
    error = difference / sqrt(sum(value * value for value in expected))
    return error if isfinite(error) else inf
