"""onnxruntime-web itself: the smallest of its builds that does what this browser can."""

from __future__ import annotations

from typing import Any, Protocol

import js

from pyscript_app.browser.runtime import import_module


class Session(Protocol):
    """Of an ``ort.InferenceSession`` what is used here."""

    async def run(self, feeds: Any) -> Any:
        """The outputs, an object of tensors by name, for the inputs, such an object too."""

    async def release(self) -> None:
        """Free its memory."""


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
