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
from pyscript_app.browser.trouble import Trouble, explain

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
    """A UNet session and what it did with the known answer."""

    session: Any
    error: float
    seconds: float

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
    name = info.description or " ".join(filter(None, (info.vendor, info.architecture)))
    software = getattr(info, "isFallbackAdapter", False) or "swiftshader" in name.lower()
    return f"{name or 'unnamed'} (in software)" if software else name or "unnamed"


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
    ort: Any, adapter: Any, manifest: Mapping[str, Any], files: Mapping[str, Bytes], forced: str | None
) -> Backend:
    """Try the UNet on the stored probe and take the fastest backend that gives the right answer.

    Args:
        ort: the onnxruntime-web module.
        adapter: from ``find_adapter``.
        manifest: of the model.
        files: the bytes of the UNet's graph, its shards and the probe, by path.
        forced: "webgpu" or "wasm" to have no choice.

    Raises:
        Trouble: no backend gives the right answer, or the forced one cannot run.
    """
    if adapter is None and forced == "webgpu":
        raise Trouble("unsupported", "This browser offers no WebGPU adapter: leave out ?backend=webgpu.")
    if adapter is None or forced == "wasm":
        trial = _must_be_right(await _try("wasm", ort, manifest, files))
        if forced:
            return Backend("wasm", trial.session, "")
        return Backend(
            "wasm", trial.session, "No WebGPU here: the processor computes the same picture, only slower."
        )

    refused = ""
    try:
        webgpu = await _try("webgpu", ort, manifest, files)
    except Exception as error:  # whatever a driver does, the processor remains
        if forced:
            raise
        refused = f"WebGPU failed ({str(explain(error))[:120]}), so the processor computes."
    else:
        if forced:
            return Backend("webgpu", _must_be_right(webgpu).session, "")
        if not webgpu.right:
            refused = "This graphics card computes wrong numbers, so the processor computes."
        elif manifest["graphs"]["unet"]["bytes"] > RACE_LIMIT:
            return Backend("webgpu", webgpu.session, "")
    wasm = await _try("wasm", ort, manifest, files)
    if not refused and (webgpu.seconds <= wasm.seconds or not wasm.right):
        await wasm.session.release()
        return Backend("webgpu", webgpu.session, "")
    if not refused:
        await webgpu.session.release()
        refused = "On this device the processor is faster than WebGPU, so it computes."
    return Backend("wasm", _must_be_right(wasm).session, refused)


async def _try(name: str, ort: Any, manifest: Mapping[str, Any], files: Mapping[str, Bytes]) -> Trial:
    session = await create_session(ort, manifest["graphs"], "unet", files, name)
    content = files[manifest["probe"]["file"]]
    known = {
        tensor: (_floats(content, place["offset"], prod(place["shape"])), place["shape"])
        for tensor, place in manifest["probe"]["tensors"].items()
    }
    expected, _ = known.pop("output")
    feeds = plain({tensor: make_tensor(ort, values, shape) for tensor, (values, shape) in known.items()})
    error, seconds = inf, inf
    for _ in range(1 + TIMED_RUNS):  # the first run compiles shaders and is not counted
        started = perf_counter()
        results = await session.run(feeds)
        got = await read_tensor(results.output)
        if error < inf:
            seconds = min(seconds, perf_counter() - started)
        error = _relative_error(got, expected)
        for output in manifest["graphs"]["unet"]["outputs"]:
            getattr(results, output).dispose()
    return Trial(session, error, seconds)


def _floats(content: Bytes, offset: int, count: int) -> array:
    values = array("f", bytes(4 * count))
    js.Float32Array.new(content.buffer, content.byteOffset + offset, count).assign_to(values)
    return values


def _relative_error(got: array, expected: array) -> float:
    """L2 norm of the difference over that of the expected values; infinite for NaN."""
    difference = sqrt(sum((a - b) ** 2 for a, b in zip(got, expected, strict=True)))
    error = difference / sqrt(sum(value * value for value in expected))
    return error if isfinite(error) else inf


def _must_be_right(trial: Trial) -> Trial:
    if not trial.right:
        raise Trouble(
            "unsupported",
            f"This browser computes wrong numbers (off by {trial.error:.1%}): update it, or try another.",
        )
    return trial
