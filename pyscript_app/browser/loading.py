"""From a manifest to a model that can draw: its files brought here, the fastest right way to run it found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import js
from pyodide.ffi import jsnull

from pyscript_app.browser import backend
from pyscript_app.browser.files import Files, PageFiles, read
from pyscript_app.browser.messages import post
from pyscript_app.browser.runtime import import_module, plain
from pyscript_app.browser.sessions import Opener, Sessions
from pyscript_app.browser.trouble import TroubleError
from pyscript_app.manifest import (
    NAME,
    UNETS,
    Manifest,
    openable,
    picture_files,
    picture_graphs,
    read_manifest,
)
from pyscript_app.model import Model
from pyscript_app.refusal import RefusalError


@dataclass(frozen=True)
class Loaded:
    """A model that can draw, and the facts that the page is told of it."""

    ort: Any
    manifest: Manifest
    graphs: Mapping[str, Any]  # all that may be opened
    model: Model
    sessions: Sessions
    source: Files  # of what an activity needs beside the graphs
    settle: Callable[[], Awaitable[None]] | None  # waits for the graphics card, where one computes
    facts: dict[str, Any]


async def load(options: Any) -> Loaded:
    """Try a model whose files the page brings here.

    Args:
        options: see ``commands.start``.

    Raises:
        TroubleError: it cannot run here, or its files did not come.
    """
    try:
        manifest = read_manifest(options.manifest)
    except RefusalError as error:
        raise TroubleError("damaged-file", error, NAME) from error
    graphs = picture_graphs(manifest)
    adapter = await backend.find_adapter(options.base)
    names, no_card = backend.backends(adapter, options.backend or None)
    ways, no_fit = backend.candidates(names, manifest, adapter)
    paths = picture_files(manifest)
    shards = {shard for graph in graphs.values() for shard in graph["shards"]}
    source = PageFiles(await import_module(options.base + "engine/openfiles.js"))
    onnxruntime = await import_module(options.base + "ort.js")
    files, begun, lazy = await asyncio.gather(
        source.open(paths),
        onnxruntime.load(options.backend or ""),  # begun already, beside Python
        import_module(options.base + "engine/filebytes.js"),
    )

    ort = begun.ort
    post("progress", status="probing", stage="unet")

    all_graphs = openable(manifest)
    weights = sum(files[shard].size for shard in shards)
    opener = Opener(ort, lambda each: lazy.externalData(plain(each)), all_graphs, files, weights, source.open)
    situation = [
        js.navigator.userAgent,
        backend.adapter_name(adapter),
        int(ort.env.wasm.numThreads),
        str(ort.env.versions.common),
        *sorted(manifest["files"][path]["sha256"] for path in paths),
        *(f"{way.backend} {way.unet}" for way in ways),
    ]

    async def ask() -> backend.Choice:
        probe = await read(files[manifest["probe"]["file"]])
        return await backend.choose(ort, ways, manifest, opener, probe)

    choice, verdict = await _choose(options.verdict or None, situation, ways, opener, ask)
    chosen = choice.candidate
    settle = None
    if chosen.backend == "webgpu":
        device = ort.env.webgpu.device
        _watch(device)
        settle = device.queue.onSubmittedWorkDone
    fused = chosen.unet == "unet_fused"
    variants = {name: f"{name}_fused" for name in all_graphs if fused and f"{name}_fused" in all_graphs}
    sessions = Sessions(opener, chosen.backend, variants)
    sessions.adopt("unet", choice.session)
    for graph in graphs.keys() - set(UNETS):
        if not opener.alone(graph, chosen.backend):
            post("progress", status="preparing", stage=graph)
            await sessions.get(graph)

    words = manifest["tokenizer"]
    vocab, merges = [await files[words[part]].text() for part in ("vocab", "merges")]
    facts = {
        "backend": chosen.backend,
        "adapter": backend.adapter_name(adapter),
        "threads": int(ort.env.wasm.numThreads),
        "selfAttention": "fused" if fused else "plain",
        "sparing": opener.spares(chosen.backend),
        "note": no_card or no_fit or choice.note or jsnull,
        "build": begun.files,
        "verdict": verdict,
    }
    return Loaded(ort, manifest, all_graphs, Model(manifest, vocab, merges), sessions, source, settle, facts)


async def _choose(
    before: str | None,
    situation: list[Any],
    ways: Sequence[backend.Candidate],
    opener: Opener,
    ask: Callable[[], Awaitable[backend.Choice]],
) -> tuple[backend.Choice, str]:
    """Choose as an earlier visit on this device did, or anew; with the verdict that a later visit is to be told.

    What gave the right answer with the same browser on the same bytes is not asked again, unless it does not open: a
    call of a big UNet takes a processor most of a minute, and a graphics card compiles its shaders for it.
    """
    if before and (noted := _parse(before)) and noted["situation"] == situation:
        way = ways[noted["way"]]
        with suppress(Exception):  # a driver may fail in any way
            return backend.Choice(way, await opener.open(way.unet, way.backend), noted["note"]), before
    choice = await ask()
    way = ways.index(choice.candidate)
    return choice, json.dumps({"situation": situation, "way": way, "note": choice.note})


def _parse(verdict: str) -> Any:
    """None of one that was cut off while it was written, or that has a sentence, as earlier versions wrote it."""
    with suppress(ValueError):
        noted = json.loads(verdict)
        return None if isinstance(noted["note"], str) else noted


def _watch(device: Any) -> None:
    """Tell the page when the graphics card goes away."""

    async def wait() -> None:
        await device.lost
        lost = TroubleError("device-lost", RefusalError("card-lost"))
        post("trouble", **lost.content())

    asyncio.ensure_future(wait())  # noqa: RUF006 (lives as long as the worker)
