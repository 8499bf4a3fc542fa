"""The same run on native onnxruntime, which the page's numbers are compared with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from export.generate import draw, settings_for
from export.native import NativeRuntime
from export.site import WEB
from pyscript_app.frame import Frame

MODEL = WEB / "models" / "miniature"


def draw_natively(**wishes: Any) -> list[Frame]:
    """The frames that `diffuscope generate` computes for these settings."""

    def run() -> list[Frame]:
        runtime = NativeRuntime(MODEL, optimization="basic")
        return list(draw(runtime, settings_for(runtime.manifest, **wishes)))

    # Playwright's own event loop runs in the tests' thread, and a thread holds one only.
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(run).result()
