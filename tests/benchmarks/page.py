"""What is measured in the browser: the page's loop, a bare loop beside it, starting up, smoothness, and bytes."""

from __future__ import annotations

import gzip
import itertools
import json
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page

import tests.browser.waiting  # noqa: F401 (gives pages another wait_for_function)

SETTINGS = {"prompt": "a red car on the beach at sunset", "seed": 7, "steps": 10, "sampler": "ddim"}
SHOWN = SETTINGS | {
    "preview": "tiny",
    "every": 1,
}  # as the page does it: the small decoder for the steps on the way
DECODED = SETTINGS | {"preview": "full", "every": 1}  # every step by the decoder, as the bare loop does
UNSHOWN = SETTINGS | {"preview": "linear"}  # the decoder for the last step alone, as in diffusers
ROUNDS = 5
PATIENCE = 300_000  # milliseconds
BARE = Path(__file__).with_name("bare.js").read_text("utf-8")

RUN_BARE = """([code, options]) => new Promise((resolve, reject) => {
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), { type: "module" });
  worker.onmessage = ({ data }) => { worker.terminate(); data.error ? reject(new Error(data.error)) : resolve(data); };
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(options);
})"""

# The times between frames, those of their graphs, and the picture's.
RUN_OURS = """async (settings) => {
  const at = [];
  const { ms, frames } = await diffuscope.generate(settings, () => at.push(performance.now()));
  return {
    steps: at.slice(1).map((time, index) => time - at[index]),
    graphs: frames.map(({ ms }) => ms.unet + ms.step + ms.attention + ms.decode),
    picture: ms,
  };
}"""

# The longest gap between two animation frames; asking for every one of them costs time, so it is measured by itself.
GAP = """async (settings) => {
  let longest = 0, last = 0, going = true;
  const tick = (now) => {
    longest = Math.max(longest, now - last);
    last = now;
    if (going) requestAnimationFrame(tick);
  };
  await new Promise((done) => requestAnimationFrame((now) => { last = now; done(); }));
  requestAnimationFrame(tick);
  await WORK;
  going = false;
  return longest;
}"""
RUN_GAP = GAP.replace("WORK", "diffuscope.generate(settings)")
# Three pictures that come one after the other.
GALLERY_GAP = GAP.replace("WORK", 'diffuscope.run("gallery", { ...settings, values: [1, 2, 3] })')
ENTER = """async (room) => {
  location.hash = `#room=${room}`;
  while (!document.querySelector(room === "stage" ? ".stage" : `.room.${room}`))
    await new Promise((done) => setTimeout(done, 10));
  diffuscope.cancel();  // what the room draws by itself
}"""

# When the first frame came, and when each stage of the engine began (web/app.js marks them).
FIRST_FRAME = """(settings) => new Promise((resolve, reject) => {
  const stages = () => performance.getEntriesByType("mark").filter(({ name }) => name.startsWith("engine: "))
    .map(({ name, startTime }) => [name.slice(8), startTime]);
  diffuscope.generate(settings, () => { resolve([performance.now(), stages()]); diffuscope.cancel(); })
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
    """Milliseconds, all taken in turns.

    Of a step of our loop (``ours``, of it in ``graphs``) and of the ``bare`` one, both decoding every step; of a
    ``picture`` as the page draws it and of one whose steps are ``unshown``; and the longest ``gap`` of each run, in the
    middle and at the worst, and of each gallery of three pictures.
    """
    ours, graphs, bare, pictures, unshown = [], [], [], [], []
    gaps, gallery_gaps = [], []
    page.evaluate(RUN_OURS, SHOWN)
    for _ in range(ROUNDS):
        run = page.evaluate(RUN_OURS, DECODED)
        ours += run["steps"]
        graphs += run["graphs"]
        bare += page.evaluate(RUN_BARE, [BARE, bare_options(page, site, steps=DECODED["steps"])])["steps"][1:]
        pictures.append(page.evaluate(RUN_OURS, SHOWN)["picture"])
        unshown.append(page.evaluate(RUN_OURS, UNSHOWN)["picture"])
        gaps.append(page.evaluate(RUN_GAP, SHOWN))
        page.evaluate(ENTER, "gallery")
        gallery_gaps.append(page.evaluate(GALLERY_GAP, SHOWN))
        page.evaluate(ENTER, "stage")
    return {
        "ours": median(ours),
        "graphs": median(graphs),
        "bare": median(bare),
        "picture": median(pictures),
        "unshown": median(unshown),
        "gap": median(gaps),
        "worst_gap": max(gaps),
        "gallery_gap": median(gallery_gaps),
        "worst_gallery_gap": max(gallery_gaps),
    }


def start_times(page: Page, site: Path, address: str) -> dict[str, Any]:
    """Milliseconds, taken in turns.

    From a warm visit to the ``first`` frame, of it in each of the ``stages``; and of a ``bare`` Pyodide and the
    sessions.
    """
    first, bare = [], []
    stages: dict[str, list[float]] = {}
    options = bare_options(page, site, pyodide=True)
    for _ in range(ROUNDS):
        page.goto("about:blank")
        page.goto(address)
        isolated(page)
        end, marks = page.evaluate(FIRST_FRAME, SETTINGS)
        first.append(end)
        for stage, taken in durations(marks, end).items():
            stages.setdefault(stage, []).append(taken)
        page.goto(f"{address}text/en.json")  # a page of the same origin that does nothing
        run = page.evaluate(RUN_BARE, [BARE, options])
        bare.append(run["python"] + run["sessions"])
    return {
        "first": median(first),
        "stages": {stage: median(taken) for stage, taken in stages.items()},
        "bare": median(bare),
    }


def durations(marks: list[tuple[str, float]], end: float) -> dict[str, float]:
    """How long each stage took, from when they began; the page's own comes before them, the first frame's after."""
    begun = [("page", 0.0), *marks, ("", end)]
    taken: dict[str, float] = {}
    for (stage, since), (_, until) in itertools.pairwise(begun):
        name = "first frame" if stage == "ready" else stage
        taken[name] = taken.get(name, 0.0) + until - since
    return taken


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
