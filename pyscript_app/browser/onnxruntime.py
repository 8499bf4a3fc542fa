"""onnxruntime-web itself: the smallest of its builds that does what this browser can."""

from __future__ import annotations

from typing import Any

import js

from pyscript_app.browser.runtime import import_module, plain

MOST_THREADS = 4

BUILDS = {
    "wasm": ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),
    "jspi": ("ort.jspi.bundle.min.mjs", "ort-wasm-simd-threaded.jspi.wasm"),
    "asyncify": ("ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm"),
}


def build_files(webgpu: bool) -> tuple[str, str]:
    """The module and the WebAssembly of the build that fits this browser, below the page's folder."""
    jspi = hasattr(js.WebAssembly, "Suspending")
    module, binary = BUILDS["wasm" if not webgpu else "jspi" if jspi else "asyncify"]
    return f"vendor/ort/{module}", f"vendor/ort/{binary}"


async def load(base: str, build: tuple[str, str]) -> Any:
    """Import a build of onnxruntime-web from below ``base``, the page's folder."""
    module, binary = build
    ort = await import_module(base + module)
    ort.env.wasm.wasmPaths = plain({"wasm": base + binary})
    ort.env.wasm.numThreads = thread_count()
    ort.env.logLevel = "error"
    return ort


def thread_count() -> int:
    """Threads that WASM may use: shared memory needs an isolated page."""
    return max(1, min(MOST_THREADS, js.navigator.hardwareConcurrency or 1)) if js.crossOriginIsolated else 1
