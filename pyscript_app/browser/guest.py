"""The loop in a page that is not ours: with Pyodide and onnxruntime-web there, it opens a model and draws.

Our own page loads its models in a worker, keeps them on the device and tries the graphics card (``loading``). A guest
holds all in memory, and the processor computes.
"""

from __future__ import annotations

from typing import Any

import js
from pyodide.ffi import JsException

from pyscript_app.browser import backend
from pyscript_app.browser.device_folder import MANIFEST
from pyscript_app.browser.download import Download
from pyscript_app.browser.memory_folder import MemoryFolder
from pyscript_app.browser.runtime import WebRuntime
from pyscript_app.browser.sessions import Opener, Sessions
from pyscript_app.browser.storage import read
from pyscript_app.browser.trouble import interrupted, missing
from pyscript_app.manifest import UNETS, picture_files, picture_graphs, read_manifest
from pyscript_app.model import Model


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
    manifest = read_manifest(await _text(address + MANIFEST))
    graphs = picture_graphs(manifest)
    download = Download(address, manifest["files"], MemoryFolder(), lambda **_: None)
    files = await download.load(picture_files(manifest))

    # A page's own thread reads no file piece by piece: the weights are in memory as a whole until they are opened.
    shards = {path: await read(files[path]) for graph in graphs.values() for path in graph["shards"]}
    opener = Opener(
        ort,
        lambda paths: [{"path": path, "data": shards[path]} for path in paths],
        graphs,
        files,
        sum(shard.byteLength for shard in shards.values()),
        download.load,
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


async def _text(address: str) -> str:
    try:
        response = await js.fetch(address)
        if response.ok:
            return str(await response.text())
    except JsException as error:
        raise interrupted(address) from error
    raise missing(address)
