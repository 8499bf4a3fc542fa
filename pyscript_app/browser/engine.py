"""What the page may ask of the worker: start, generate, pause, resume, step, cancel, read_prompt.

``web/main.py`` exports these to the page (``web/worker.js``). What happens meanwhile is posted as messages
with a ``kind``: ``progress`` (fields of the store's ``engine``), ``stage`` (the graph), ``frame``, and
``trouble`` when the engine cannot go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import js

from pyscript_app import loop
from pyscript_app.browser import backend
from pyscript_app.browser.control import Control, RunCancelledError
from pyscript_app.browser.messages import frame_message, post, reading_message
from pyscript_app.browser.runtime import WebRuntime, create_session, plain
from pyscript_app.browser.storage import Storage
from pyscript_app.browser.trouble import TroubleError, explain
from pyscript_app.manifest import read_manifest

# The graphs of one picture; what else the manifest names is fetched by those who need it.
GRAPHS = ("text_encoder", "unet", "step", "attention", "vae_decoder")


class Engine:
    """A model whose sessions are open; draws one picture at a time."""

    def __init__(
        self, model: loop.Model, ort: Any, graphs: Mapping[str, Any], sessions: Mapping[str, Any]
    ) -> None:
        self.model = model
        self.control = Control()
        self._runtime = WebRuntime(ort, graphs, sessions, self._on_run, self._next_step)
        self._turn = asyncio.Lock()

    async def generate(self, settings: loop.Settings) -> None:
        """Run the loop and post its frames.

        Raises:
            RunCancelledError: the visitor ended the run.
        """
        async with self._turn:
            self.control = Control()
            frames = loop.generate(settings, self.model, self._runtime)
            try:
                async for frame in frames:
                    message, buffers = frame_message(frame)
                    js.postMessage(message, buffers)
            finally:
                await frames.aclose()

    def _on_run(self, graph: str) -> None:
        post("stage", stage=graph)

    async def _next_step(self) -> None:
        await self.control.next_step()


_engine: Engine | None = None


async def start(options: Any) -> Any:
    """Load and try a model.

    Args:
        options: ``{base, folder, manifest, backend}``: the page's address, the model's folder below it, the
            text of its manifest, and "webgpu", "wasm" or null for the better one.

    Returns:
        ``{backend, adapter, threads, note, files}``, where ``files`` are the paths below ``base`` that were
        used; or ``{trouble}``.
    """
    global _engine
    try:
        _engine, facts = await _load(options.base, options.folder, options.manifest, options.backend or None)
    except Exception as error:
        return plain({"trouble": _trouble(error)})
    return plain(facts)


async def _load(base: str, folder: str, text: str, forced: str | None) -> tuple[Engine, dict[str, Any]]:
    try:
        manifest = read_manifest(text)
    except ValueError as error:
        raise TroubleError("damaged-file", str(error), "manifest.json") from error
    graphs = manifest["graphs"]
    adapter = await backend.find_adapter()
    names, reason = backend.candidates(adapter, forced)
    build = backend.build_files("webgpu" in names)

    paths = {manifest["tokenizer"]["vocab"], manifest["tokenizer"]["merges"], manifest["probe"]["file"]}
    for graph in GRAPHS:
        paths |= {graphs[graph]["file"], *graphs[graph]["shards"]}
    storage = Storage(base + folder, manifest["files"], lambda done: post("progress", stage="", bytes=done))
    post("progress", status="downloading", stage="", bytes=0, total=storage.total(paths))
    files, ort = await asyncio.gather(storage.load(paths), backend.load_onnxruntime(base, build))

    post("progress", status="probing", stage="unet")
    chosen = await backend.choose(ort, names, manifest, files)
    if chosen.name == "webgpu":
        _watch(ort.env.webgpu.device)
    sessions = {"unet": chosen.unet}
    for graph in GRAPHS:
        if graph not in sessions:
            post("progress", status="preparing", stage=graph)
            sessions[graph] = await create_session(ort, graphs, graph, files, chosen.name)

    vocab, merges = (files[manifest["tokenizer"][part]].to_bytes().decode() for part in ("vocab", "merges"))
    model = loop.Model(manifest, vocab, merges)
    facts = {
        "backend": chosen.name,
        "adapter": backend.adapter_name(adapter),
        "threads": int(ort.env.wasm.numThreads),
        "note": reason or chosen.note,
        "files": [*build, *(folder + path for path in sorted(paths))],
    }
    return Engine(model, ort, graphs, sessions), facts


def _watch(device: Any) -> None:
    """Tell the page when the graphics card goes away."""

    async def wait() -> None:
        await device.lost
        lost = TroubleError("device-lost", "The graphics card was lost: start the engine again.")
        post("trouble", **_trouble(lost))

    asyncio.ensure_future(wait())  # noqa: RUF006 (lives as long as the worker)


async def generate(settings: Any) -> Any:
    """Draw a picture; its frames are posted as they come.

    Args:
        settings: of the page's type ``Settings``.

    Returns:
        ``{}``, ``{cancelled: true}`` or ``{trouble}``. After any of them the next picture can be drawn.
    """
    try:
        assert _engine is not None, "start first"
        await _engine.generate(_settings(settings.to_py()))
    except RunCancelledError:
        return plain({"cancelled": True})
    except Exception as error:
        return plain({"trouble": _trouble(error)})
    return plain({})


def _settings(wishes: dict[str, Any]) -> loop.Settings:
    if strange := wishes.keys() - {field.name for field in fields(loop.Settings)}:
        raise ValueError(f"There is no setting named {min(strange)!r}.")
    return loop.Settings(**wishes)


def read_prompt(text: str) -> Any:
    """The prompt as the tokenizer reads it: the page's ``Reading`` without its ``prompt``."""
    assert _engine is not None, "start first"
    return plain(reading_message(text, _engine.model.tokenizer.read(text)))


def pause() -> None:
    """Stop before the next step."""
    if _engine:
        _engine.control.pause()


def resume() -> None:
    """Go on after a pause."""
    if _engine:
        _engine.control.resume()


def step() -> None:
    """Do one step, then stop."""
    if _engine:
        _engine.control.step()


def cancel() -> None:
    """End the run within one step."""
    if _engine:
        _engine.control.cancel()


def _trouble(error: BaseException) -> dict[str, str]:
    trouble = explain(error)
    if trouble.code == "unknown":
        js.console.error(repr(error))
    return {
        "code": trouble.code,
        "message": trouble.message,
        **({"file": trouble.file} if trouble.file else {}),
    }
