"""What is measured in the browser: the page's loop, a bare loop beside it, starting up, smoothness, and bytes."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page

SETTINGS = {"prompt": "a red car on the beach at sunset", "seed": 7, "steps": 10, "sampler": "ddim"}
# What draws the steps before the last: linear colours take next to no time.
PREVIEWS = {"tiny": "each shown small", "full": "each decoded", "linear": "none decoded but the last"}
ROUNDS = 5
PATIENCE = 300_000  # milliseconds
BARE = Path(__file__).with_name("bare.js").read_text("utf-8")

RUN_BARE = """([code, options]) => new Promise((resolve, reject) => {
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), { type: "module" });
  worker.onmessage = ({ data }) => { worker.terminate(); data.error ? reject(new Error(data.error)) : resolve(data); };
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(options);
})"""

# The times between frames, the picture's time, and the longest gap between two of the page's animation frames.
RUN_OURS = """async (settings) => {
  let longest = 0, last = performance.now(), going = true;
  const tick = (now) => {
    longest = Math.max(longest, now - last);
    last = now;
    if (going) requestAnimationFrame(tick);
  };
  await new Promise((done) => requestAnimationFrame((now) => { last = now; done(); }));
  requestAnimationFrame(tick);
  const at = [];
  const { ms, frames } = await diffuscope.generate(settings, () => at.push(performance.now()));
  going = false;
  return {
    steps: at.slice(1).map((time, index) => time - at[index]),
    graphs: frames.map(({ ms }) => ms.unet + ms.step + ms.attention + ms.decode),
    picture: ms,
    gap: longest,
  };
}"""

FIRST_FRAME = """(settings) => new Promise((resolve, reject) => {
  diffuscope.generate(settings, () => { resolve(performance.now()); diffuscope.cancel(); })
    .catch((error) => error.name === "AbortError" || reject(error));
})"""


def open_page(browser: Browser, address: str) -> Page:
    """A first visit, ready."""
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    isolated(page)
    page.evaluate("diffuscope.ready.then(() => null)")
    return page


def isolated(page: Page) -> None:
    """Wait for the one reload that isolates the page."""
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")


def bare_options(page: Page, site: Path, **more: Any) -> dict[str, Any]:
    """What bare.js needs to do as the page does: the same model, build, backend and threads."""
    facts = page.evaluate("diffuscope.ready.then(({ backend, threads }) => ({ backend, threads }))")
    webgpu = facts["backend"] == "webgpu"
    jspi = page.evaluate("'Suspending' in WebAssembly")
    kind = "wasm" if not webgpu else "jspi" if jspi else "asyncify"
    module = {"wasm": "wasm", "jspi": "jspi", "asyncify": "webgpu"}[kind]
    binary = "" if kind == "wasm" else f".{kind}"
    return {
        "base": page.evaluate("new URL('./', location.href).href"),
        "folder": "models/miniature/",
        "manifest": json.loads((site / "models/miniature/manifest.json").read_text("utf-8")),
        "build": [
            f"vendor/ort/ort.{module}.bundle.min.mjs",
            f"vendor/ort/ort-wasm-simd-threaded{binary}.wasm",
        ],
        **facts,
        **more,
    }


def loop_times(page: Page, site: Path) -> dict[str, float]:
    """Milliseconds a step of our loop and of the bare one, taken in turns; a picture's; and the longest gap.

    The bare loop decodes every step in full, so ours does where the two are compared. A picture's time is given for
    each of ``PREVIEWS``.
    """
    ours, graphs, bare, gaps = [], [], [], []
    pictures: dict[str, list[float]] = {preview: [] for preview in PREVIEWS}
    page.evaluate(RUN_OURS, SETTINGS)
    for _ in range(ROUNDS):
        for preview, times in pictures.items():
            run = page.evaluate(RUN_OURS, SETTINGS | {"preview": preview})
            times.append(run["picture"])
            gaps.append(run["gap"])
            if preview == "full":
                ours += run["steps"]
                graphs += run["graphs"]
        bare += page.evaluate(RUN_BARE, [BARE, bare_options(page, site, steps=SETTINGS["steps"])])["steps"][
            1:
        ]
    return {
        "ours": median(ours),
        "graphs": median(graphs),
        "bare": median(bare),
        "picture": {preview: median(times) for preview, times in pictures.items()},
        "gap": max(gaps),
    }


def start_times(page: Page, site: Path, address: str) -> dict[str, float]:
    """Milliseconds from a warm visit to the first frame, and those of a bare Pyodide and the sessions, in turns."""
    first, bare = [], []
    options = bare_options(page, site, pyodide=True)
    for _ in range(ROUNDS):
        page.goto("about:blank")
        page.goto(address)
        isolated(page)
        first.append(page.evaluate(FIRST_FRAME, SETTINGS))
        page.goto(f"{address}text/en.json")  # a page of the same origin that does nothing
        run = page.evaluate(RUN_BARE, [BARE, options])
        bare.append(run["python"] + run["sessions"])
    return {"first": median(first), "bare": median(bare)}


def transfer(site: Path, paths: set[str]) -> dict[str, int]:
    """Bytes of these files: as they are, and compressed as a host would."""
    raw = {path: (site / path).read_bytes() for path in paths}
    brotli = (
        "const {brotliCompressSync, constants} = require('zlib'), {readFileSync} = require('fs');"
        "const params = {[constants.BROTLI_PARAM_QUALITY]: 9};"
        "const size = (path) => brotliCompressSync(readFileSync(path), {params}).length;"
        "console.log(process.argv.slice(1).map(size).join(' '))"
    )
    command = ["node", "-e", brotli, *(str(site / path) for path in sorted(raw))]
    sizes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return {
        "files": len(raw),
        "raw": sum(map(len, raw.values())),
        "gzip": sum(min(len(gzip.compress(content)), len(content)) for content in raw.values()),
        "brotli": sum(map(int, sizes)),
    }
