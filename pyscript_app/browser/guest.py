"""The loop in a page that is not ours: with Pyodide and onnxruntime-web there, it opens a model and draws.

Our own page keeps its models on the device, goes on with a download that broke, and tries the graphics card
(``loading``). A guest fetches all into memory, and the processor computes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import js
from pyodide.ffi import JsException

from pyscript_app.browser import backend
from pyscript_app.browser.files import File, read
from pyscript_app.browser.runtime import WebRuntime
from pyscript_app.browser.sessions import Opener, Sessions
from pyscript_app.browser.trouble import damaged, interrupted, missing
from pyscript_app.manifest import NAME, UNETS, picture_files, picture_graphs, read_manifest
from pyscript_app.model import Model


class FetchedFiles:
    """Implements ``Files``: every file is fetched as a whole into memory.

    Args:
        address: of the model's folder, absolute, ending in a slash.
        promised: the manifest's ``files``: ``{path: {"bytes", "sha256"}}``.
    """

    def __init__(self, address: str, promised: Mapping[str, Mapping[str, Any]]) -> None:
        self._address, self._promised = address, promised

    async def open(self, paths: Iterable[str]) -> Mapping[str, File]:
        """See ``Files``."""
        names = sorted(paths)
        return dict(zip(names, await asyncio.gather(*map(self._fetch, names)), strict=True))

    async def _fetch(self, path: str) -> File:
        response = await _fetch(self._address + path)
        try:
            file = await response.blob()
        except JsException as error:
            raise interrupted(path) from error
        content = (await file.arrayBuffer()).to_bytes()
        if hashlib.sha256(content).hexdigest() != self._promised[path]["sha256"]:
            raise damaged(path)
        return file


async def open_model(folder: str, ort: Any) -> tuple[Model, WebRuntime]:
    """Fetch an exported model, check its files and its answer to the known question, and open its graphs.

    Args:
        folder: address of the model's folder, absolute or from the page's.
        ort: onnxruntime-web, as JavaScript's ``import`` gives it.

    Returns:
        What ``loop.generate`` draws with.

    Raises:
        RefusalError: The manifest is damaged.
        TroubleError: A file is missing or damaged, the network failed, or this browser computes wrong numbers.
    """
    address = _absolute(folder.rstrip("/") + "/")
    manifest = read_manifest(str(await (await _fetch(address + NAME)).text()))
    graphs = picture_graphs(manifest)
    source = FetchedFiles(address, manifest["files"])
    files = await source.open(picture_files(manifest))

    # A page's own thread reads no file piece by piece: the weights are in memory as a whole until they are opened.
    shards = {path: await read(files[path]) for graph in graphs.values() for path in graph["shards"]}
    opener = Opener(
        ort,
        lambda paths: [{"path": path, "data": shards[path]} for path in paths],
        graphs,
        files,
        sum(shard.byteLength for shard in shards.values()),
        source.open,
    )
    ways, _ = backend.candidates(["wasm"], manifest, None)
    probe = await read(files[manifest["probe"]["file"]])
    choice = await backend.choose(ort, ways, manifest, opener, probe)
    sessions = Sessions(opener, "wasm", {"unet": choice.candidate.unet})
    sessions.adopt("unet", choice.session)
    for graph in graphs.keys() - set(UNETS):
        await sessions.get(graph)
    shards.clear()

    words = manifest["tokenizer"]
    vocab, merges = [await files[words[part]].text() for part in ("vocab", "merges")]
    return Model(manifest, vocab, merges), WebRuntime(ort, graphs, sessions)


def _absolute(address: str) -> str:
    return str(js.URL.new(address, js.location.href).href)


async def _fetch(address: str) -> Any:
    """The server's answer.

    Raises:
        TroubleError: There is none, or it says no.
    """
    try:
        response = await js.fetch(address)
    except JsException as error:
        raise interrupted(address) from error
    if not response.ok:
        raise missing(address)
    return response
