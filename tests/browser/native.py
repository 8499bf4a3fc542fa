"""The same run on native onnxruntime, which the page's numbers are compared with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from export.native.generate import draw, settings_for
from export.native.runtime import NativeRuntime
from pyscript_app.frame import Frame
from pyscript_app.loop import Start


def draw_natively(site: Path, start: Start | None = None, **wishes: Any) -> list[Frame]:
    """The frames that `diffuscope generate` computes for these settings with the site's own model."""

    def run() -> list[Frame]:
        runtime = NativeRuntime(site / "models" / "miniature", optimization="basic")
        return list(draw(runtime, settings_for(runtime.manifest, **wishes), start))

    # Playwright's own event loop runs in the tests' thread, and a thread holds one only.
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(run).result()
