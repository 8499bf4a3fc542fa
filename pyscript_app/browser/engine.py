"""What the page may ask of the worker: start, generate, pause, resume, step, cancel, read_prompt, decode.

``web/main.py`` exports these to the page (``web/engine/worker.js``). What happens meanwhile is posted as messages
with a ``kind``: ``progress`` (fields of the store's ``engine``), ``stage`` (the graph), ``frame``,
``forgotten`` (a run that cannot be gone on from any more), and ``trouble`` when the engine cannot go on.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable
from dataclasses import fields
from math import prod
from time import perf_counter
from typing import Any

import js
from pyodide.code import run_js

from pyscript_app import loop
from pyscript_app.browser.control import Control, RunCancelledError
from pyscript_app.browser.loading import Loaded, load
from pyscript_app.browser.messages import frame_message, post, reading_message
from pyscript_app.browser.past import Past
from pyscript_app.browser.runtime import WebRuntime, plain
from pyscript_app.browser.trouble import explain
from pyscript_app.model import PREVIEWS
from pyscript_app.moment import first_state
from pyscript_app.refusal import RefusalError


class Engine:
    """A model that was loaded; draws one picture at a time."""

    def __init__(self, loaded: Loaded) -> None:
        self.model = loaded.model
        # Of the newest run, from the moment that the page asks for it: its buttons may come before its turn.
        self.control = self._running = Control()
        self._past = Past(lambda run: post("forgotten", run=run))
        self._runtime = WebRuntime(
            loaded.ort, loaded.graphs, loaded.sessions.get, self._on_run, self._next_step, loaded.settle
        )
        self._turn = asyncio.Lock()

    async def generate(self, settings: loop.Settings, control: Control, place: dict[str, Any]) -> None:
        """Run the loop and post its frames.

        Args:
            settings: what to draw.
            control: the run's buttons.
            place: where to begin, see the command; a run with an ``id`` can be gone on from later.

        Raises:
            RunCancelledError: the visitor ended the run.
            RefusalError: it cannot be drawn.
        """
        async with self._turn:
            control.check()
            self._running = control
            if "kept" in place:
                self._past.retain(place["kept"])
            start, run = self._start(settings, place), place.get("id", "")
            frames = loop.generate(settings, self.model, self._runtime, start=start, keep_states=bool(run))
            if run:
                self._past.keep(run, start)
            try:
                async for frame in frames:
                    if frame.state:
                        self._past.keep(run, frame.state)
                    message, buffers = frame_message(frame)
                    js.postMessage(message, buffers)
            finally:
                await frames.aclose()

    def _start(self, settings: loop.Settings, place: dict[str, Any]) -> loop.Start | loop.State | None:
        start, origin = place.get("start"), place.get("from")
        if start and origin:
            raise RefusalError("start-twice")
        if start:
            if (start["height"], start["width"]) != self.model.size:
                height, width = self.model.size
                raise RefusalError("start-size", width=width, height=height)
            return loop.Start(start["data"], start.get("strength"))
        if not origin:
            return None
        found = self._past.find(origin["run"], origin["step"])
        if "latent" not in origin:
            return found
        latent = array("f", origin["latent"])
        if len(latent) != (count := prod(self.model.shape)):
            raise RefusalError("from-latent", count=count)
        if isinstance(found, loop.State):
            return found.with_latent(latent)
        return first_state(settings, self.model, found, latent)

    async def decode(self, latent: array[float]) -> tuple[array[float], float]:
        """The decoder's picture of a latent, and the milliseconds that it took; also while a run goes on."""
        held = self._runtime.tensor(latent, (1, *self.model.shape))
        began = perf_counter()
        outputs = await self._runtime.run(PREVIEWS["full"], {"latent": held})
        ms = (perf_counter() - began) * 1000
        picture = await self._runtime.read(outputs["picture"])
        self._runtime.release(held, *outputs.values())
        return picture, ms

    def _on_run(self, graph: str) -> None:
        post("stage", stage=graph)

    async def _next_step(self) -> None:
        await self._running.next_step()


_engine: Engine | None = None


async def start(options: Any) -> Any:
    """Load and try a model.

    Args:
        options: ``{base, folder, manifest, backend, opened}``: the page's address, the model's folder below it,
            the text of its manifest, "webgpu", "wasm" or null for the better one, and for a folder that the visitor
            opened its files ``{path: File}``, else null.

    Returns:
        ``{backend, adapter, threads, selfAttention, sparing, note, build, files}``, where ``selfAttention`` is "plain"
        or "fused", ``sparing`` says that heavy graphs are opened one at a time, ``build`` are module and WebAssembly of
        onnxruntime-web, and ``files`` are the paths below ``base`` that the service worker must keep for a visit
        without a network; or ``{trouble}``.
    """
    global _engine  # noqa: PLW0603 (a worker has one engine)
    # The page hears of the worker's errors, and of a promise that fails unheard only so.
    run_js("addEventListener('unhandledrejection', ({ reason }) => reportError(reason))")
    try:
        loaded = await load(options)
    except Exception as error:
        return plain({"trouble": _trouble(error)})
    _engine = Engine(loaded)
    return plain(loaded.facts)


def generate(settings: Any, place: Any = None) -> Awaitable[Any]:
    """Draw a picture; its frames are posted as they come.

    Args:
        settings: of the page's type ``Settings``.
        place: ``{id, kept, start, from}`` or less of it: the run's name; the names of all runs that are not to be
            forgotten; the picture that it begins at, ``{width, height, data, strength}``; or the step of an earlier
            run that it goes on from, ``{run, step, latent}``, where ``latent`` ``[C, h, w]`` stands in for that run's
            own.

    Returns:
        ``{}``, ``{cancelled: true}`` or ``{trouble}``. After any of them the next picture can be drawn.
    """
    assert _engine is not None, "start first"
    # Here and not in the task, which begins later: a cancel in between is this run's.
    _engine.control = Control()
    beginning = place.to_py() if place else {}
    return asyncio.ensure_future(_generate(_engine, settings.to_py(), _engine.control, beginning))


async def _generate(engine: Engine, wishes: dict[str, Any], control: Control, place: dict[str, Any]) -> Any:
    try:
        await engine.generate(_settings(wishes), control, place)
    except RunCancelledError:
        return plain({"cancelled": True})
    except Exception as error:
        return plain({"trouble": _trouble(error)})
    return plain({})


def _settings(wishes: dict[str, Any]) -> loop.Settings:
    if strange := wishes.keys() - {field.name for field in fields(loop.Settings)}:
        raise RefusalError("setting-unknown", name=repr(min(strange)))
    return loop.Settings(**wishes)


def read_prompt(text: str) -> Any:
    """The prompt as the tokenizer reads it: the page's ``Reading`` without its ``prompt``."""
    assert _engine is not None, "start first"
    return plain(reading_message(text, _engine.model.tokenizer.read(text)))


async def decode(latent: Any) -> Any:
    """A predicted latent decoded in full: ``{picture, ms}`` with the values of ``[H, W, 4]``.

    Args:
        latent: a Float32Array, ``[C, h, w]``.
    """
    assert _engine is not None, "start first"
    picture, ms = await _engine.decode(array("f", latent.to_py()))
    return plain({"picture": picture, "ms": ms})


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
    return trouble.content()
