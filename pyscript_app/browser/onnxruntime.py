"""onnxruntime-web itself: the smallest of its builds that does what this browser can."""

from __future__ import annotations

from typing import Any

import js

from pyscript_app.browser.runtime import import_module

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
    """A build of onnxruntime-web from below ``base``, the page's folder; perhaps begun already, beside Python."""
    module, binary = build
    return await (await import_module(base + "ort.js")).load(base + module, base + binary)
