"""From a manifest to a model that can draw: its files brought here, the fastest right way to run it found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import js
from pyodide.ffi import JsException, jsnull

from pyscript_app.browser import backend, onnxruntime
from pyscript_app.browser.device_folder import MANIFEST, VERDICT, DeviceFolder
from pyscript_app.browser.download import Download
from pyscript_app.browser.memory_folder import MemoryFolder
from pyscript_app.browser.messages import post
from pyscript_app.browser.runtime import import_module, plain
from pyscript_app.browser.sessions import Opener, Sessions
from pyscript_app.browser.storage import File, read, sha256
from pyscript_app.browser.trouble import TroubleError, damaged, incomplete, unreadable
from pyscript_app.manifest import UNETS, Manifest, openable, picture_files, picture_graphs, read_manifest
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
    settle: Callable[[], Awaitable[None]] | None  # waits for the graphics card, where one computes
    facts: dict[str, Any]


async def load(options: Any) -> Loaded:
    """Bring a model here and try it.

    Args:
        options: see ``commands.start``.

    Raises:
        TroubleError: it cannot run here, or its files did not come.
    """
    try:
        manifest = read_manifest(options.manifest)
    except RefusalError as error:
        raise TroubleError("damaged-file", str(error), MANIFEST, error) from error
    graphs = picture_graphs(manifest)
    adapter = await backend.find_adapter()
    names, no_card = backend.backends(adapter, options.backend or None)
    ways, no_fit = backend.candidates(names, manifest, adapter)
    build = onnxruntime.build_files(any(way.backend == "webgpu" for way in ways))

    paths = picture_files(manifest)
    shards = {shard for graph in graphs.values() for shard in graph["shards"]}
    folder = None if options.opened else await DeviceFolder.open(options.folder)
    files, ort, lazy = await asyncio.gather(
        _files(options, manifest, paths, folder),
        onnxruntime.load(options.base, build),
        import_module(options.base + "engine/filebytes.js"),
    )

    post("progress", status="probing", stage="unet")

    async def fetch(further: Iterable[str]) -> dict[str, File]:
        try:
            return await _files(options, manifest, further, folder)
        finally:
            post("progress", status="ready", stage="")

    all_graphs = openable(manifest)
    weights = sum(files[shard].size for shard in shards)
    opener = Opener(ort, lambda each: lazy.externalData(plain(each)), all_graphs, files, weights, fetch)
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

    choice = await _choose(folder, situation, ways, opener, ask)
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
    kept_by_the_service_worker = [] if folder or options.opened else [options.folder + path for path in paths]
    facts = {
        "backend": chosen.backend,
        "adapter": backend.adapter_name(adapter),
        "threads": int(ort.env.wasm.numThreads),
        "selfAttention": "fused" if fused else "plain",
        "sparing": opener.spares(chosen.backend),
        "note": no_card or no_fit or choice.note,
        "build": build,
        "files": sorted([*build, *kept_by_the_service_worker]),
    }
    return Loaded(ort, manifest, all_graphs, Model(manifest, vocab, merges), sessions, settle, facts)


async def _files(
    options: Any, manifest: Mapping[str, Any], paths: Iterable[str], folder: DeviceFolder | None
) -> dict[str, File]:
    """The model's files, from the folder that the visitor opened or from the server."""
    if options.opened:
        return {path: await _opened(options.opened, path, manifest["files"][path]) for path in sorted(paths)}

    def report(remaining: float | None, **stands: Any) -> None:
        left = jsnull if remaining is None else remaining
        post("progress", status="downloading", stage="", remaining=left, **stands)

    address = options.base + options.folder
    if folder is None:
        return await Download(address, manifest["files"], MemoryFolder(), report).load(paths)
    async with folder.alone():
        await folder.note(MANIFEST, options.manifest)
        await folder.tidy({file["sha256"] for file in manifest["files"].values()})
        return await Download(address, manifest["files"], folder, report).load(paths)


async def _opened(files: Any, path: str, promised: Mapping[str, Any]) -> File:
    post("progress", status="preparing", stage=path)
    file = getattr(files, path, None)
    if file is None:
        raise incomplete(path)
    try:
        if file.size != promised["bytes"] or await sha256(file) != promised["sha256"]:
            raise damaged(path)
    except JsException as error:
        raise unreadable(path) from error
    return file


async def _choose(
    folder: DeviceFolder | None,
    situation: list[Any],
    ways: Sequence[backend.Candidate],
    opener: Opener,
    ask: Callable[[], Awaitable[backend.Choice]],
) -> backend.Choice:
    """Choose as an earlier visit on this device did, or anew.

    What gave the right answer with the same browser on the same bytes is not asked again, unless it does not open: a
    call of a big UNet takes a processor most of a minute, and a graphics card compiles its shaders for it.
    """
    noted = await folder.noted(VERDICT) if folder else None
    if noted and noted["situation"] == situation:
        way = ways[noted["way"]]
        with suppress(Exception):  # a driver may fail in any way
            return backend.Choice(way, await opener.open(way.unet, way.backend), noted["note"])
    choice = await ask()
    if folder:
        verdict = {"situation": situation, "way": ways.index(choice.candidate), "note": choice.note}
        await folder.note(VERDICT, json.dumps(verdict))
    return choice


def _watch(device: Any) -> None:
    """Tell the page when the graphics card goes away."""

    async def wait() -> None:
        await device.lost
        lost = TroubleError("device-lost", "The graphics card was lost: start the engine again.")
        post("trouble", **lost.content())

    asyncio.ensure_future(wait())  # noqa: RUF006 (lives as long as the worker)
