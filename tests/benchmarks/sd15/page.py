"""An exported model in Chromium beside native onnxruntime: ``python -m tests.benchmarks.sd15.page MODEL WORK``."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import BrowserContext, Page, sync_playwright

import tests.browser.waiting  # noqa: F401 (gives pages another wait_for_function)
from export.format.manifest import read_manifest
from export.native.generate import draw, settings_for
from export.native.runtime import NativeRuntime
from export.site.catalogue import catalogue
from export.site.serving import server
from export.site.site import WEB, build
from tests.benchmarks.sd15.usage import memory
from tests.browser.chromium import ARGUMENTS, find_chromium

PATIENCE = 3_600_000  # milliseconds; big models on few cores take their time
SETTINGS: dict[str, Any] = {
    "prompt": "a photograph of a red car on the beach at sunset",
    "negative": "",
    "seed": 7,
    "steps": 2,
    "guidance": 7.5,
    "sampler": "ddim",
    "gains": {},
}

# Calls back when pictures can be drawn; a big model is fetched only after a click.
READY = """() => new Promise((resolve, reject) => {
  const ready = diffuscope.ready.finally(() => clearInterval(ask));
  ready.then(({ model, ...facts }) => resolve(facts), reject);
  const ask = setInterval(() => {
    const buttons = [...document.querySelectorAll("button")];
    const button = buttons.find((each) => each.checkVisibility() && /^Download/.test(each.textContent.trim()));
    if (!button) return;
    clearInterval(ask);
    button.click();
  }, 100);
})"""

RUN = """async (settings) => {
  const began = performance.now();
  let first = 0;
  const { frames, picture, ms } = await diffuscope.generate(settings, () => { first ||= performance.now() - began; });
  return {
    first, ms,
    timings: frames.map(({ ms }) => ms),
    latents: frames.map(({ latent }) => [...latent]),
    picture: [...picture.data],
  };
}"""

# Bytes that scripts hold, the WebAssembly memory of the worker included.
HEAP = "performance.measureUserAgentSpecificMemory().then(({ bytes }) => bytes)"
MEASURE_AT_ONCE = "--enable-blink-features=ForceEagerMeasureMemory"  # not when garbage is next collected


def site_with(model: Path, out: Path) -> Path:
    """The page with a model that lies elsewhere, hard-linked instead of copied."""
    site = build(out, ["miniature"])
    shutil.copytree(model, site / "models" / model.name, copy_function=os.link)
    entries = catalogue([WEB / "models" / "miniature", model])
    (site / "models.json").write_text(json.dumps({"models": entries}), "utf-8")
    return site


def visit(context: BrowserContext, address: str) -> tuple[Page, dict[str, Any], float]:
    """Open the page and wait for its engine: the page, what it says of itself, and the seconds."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    began = time.monotonic()
    page.goto(address)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    engine = page.evaluate(READY)
    return page, engine, time.monotonic() - began


def measure(model: Path, work: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the page does with the model: figures, and the numbers that it drew."""
    settings = settings_of(model)
    profile = work / "profile"  # on the disk, since a private window keeps its files in memory
    shutil.rmtree(profile, ignore_errors=True)
    running = server(site_with(model, work / "site"), 0, isolate=False)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{running.server_address[1]}/?model={model.name}&backend=wasm"
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=find_chromium(), args=[*ARGUMENTS, MEASURE_AT_ONCE]
        )
        page, engine, cold = visit(context, address)
        version = page.evaluate("navigator.userAgent.match(/Chrome.([0-9.]+)/)[0]")
        page.close()
        page, engine, warm = visit(context, address)
        ready = memory(profile)
        drawn = page.evaluate(RUN, settings)
        again = page.evaluate(RUN, settings)
        figures = {
            "browser": version,
            "engine": engine,
            "settings": settings,
            "cold": round(cold, 1),
            "warm": round(warm, 1),
            "first_frame": round(drawn["first"] / 1000, 1),
            "picture": round(again["ms"] / 1000, 1),
            "milliseconds": again["timings"],
            "memory": {"ready": ready, "drawn": memory(profile), "scripts": page.evaluate(HEAP)},
        }
        context.close()
    running.shutdown()
    running.server_close()
    shutil.rmtree(profile)
    return figures, drawn


def settings_of(model: Path) -> dict[str, Any]:
    """What is drawn; only the last step by the full decoder, where the model can."""
    linear = "latent_rgb" in read_manifest(model)["graphs"]
    return SETTINGS | ({"preview": "linear"} if linear else {})


def compare(model: Path, drawn: dict[str, Any]) -> dict[str, Any]:
    """How far the page's numbers are from native onnxruntime's: latents step by step, and the picture."""
    runtime = NativeRuntime(model, optimization="basic")
    relative, picture = [], []
    frames = draw(runtime, settings_for(runtime.manifest, **settings_of(model)))
    for ours, frame in zip(drawn["latents"], frames, strict=True):
        truth = np.asarray(frame.latent, np.float64)
        relative.append(float(np.linalg.norm(ours - truth) / np.linalg.norm(truth)))
        picture = frame.picture
    return {
        "latent": [float(f"{error:.2e}") for error in relative],
        "levels": float(np.abs(np.asarray(picture).round() - drawn["picture"]).max()),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("work", type=Path)
    options = parser.parse_args()
    figures, drawn = measure(options.model, options.work)
    print(json.dumps(figures | {"difference": compare(options.model, drawn)}))
