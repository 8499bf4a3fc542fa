"""onnxruntime-web's sessions: opened from a model's files, and where memory is short, one heavy graph at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import js

from pyscript_app.browser.runtime import plain
from pyscript_app.browser.storage import File, read
from pyscript_app.manifest import FOLD_LIMIT, PICTURE_GRAPHS
from pyscript_app.refusal import RefusalError

# Where memory is short, two graphs heavier than this are never open together.
HEAVY = 10_000_000  # bytes
# Models up to this size are open as a whole on every device.
LIGHT_MODEL = 400_000_000  # bytes
SMALL_DEVICE = 4  # GiB, as navigator.deviceMemory tells them


class Opener:
    """Opens sessions of one model.

    Args:
        ort: the onnxruntime-web module.
        external_data: makes of shards by path what onnxruntime-web takes for them, the option of that name.
        graphs: those that may be opened, by name (``manifest.openable``).
        files: the model's files by path, as far as they are here.
        weights: bytes of all graphs that a picture needs.
        fetch: gives further files, which graphs have that not every picture needs.
    """

    def __init__(
        self,
        ort: Any,
        external_data: Callable[[dict[str, File]], Any],
        graphs: Mapping[str, Mapping[str, Any]],
        files: Mapping[str, File],
        weights: int,
        fetch: Callable[[Iterable[str]], Awaitable[Mapping[str, File]]],
    ) -> None:
        self._ort, self._external_data, self._graphs = ort, external_data, graphs
        self._files, self._weights, self._fetch = dict(files), weights, fetch

    def spares(self, backend: str) -> bool:
        """Whether memory is too short to have all graphs open: WASM has 4 GB for all, a card its own."""
        if self._weights <= LIGHT_MODEL:
            return False
        memory = getattr(js.navigator, "deviceMemory", None)  # not every browser tells
        return backend == "wasm" or not memory or memory <= SMALL_DEVICE

    def alone(self, graph: str, backend: str) -> bool:
        """Whether a graph must not be open together with another such one."""
        return self.spares(backend) and self._graphs[graph]["bytes"] > HEAVY

    def lacking(self, graph: str) -> set[str]:
        """The files of a graph that are not here yet.

        Raises:
            RefusalError: the model has no such graph.
        """
        if graph not in self._graphs:
            raise RefusalError("graph-absent", graph=graph)
        entry = self._graphs[graph]
        return {entry["file"], *entry["shards"]} - self._files.keys()

    async def bring(self, graph: str) -> None:
        """Have the files of a graph here.

        Raises:
            RefusalError: the model has no such graph.
            TroubleError: they had to be fetched, and did not come.
        """
        if lacking := self.lacking(graph):
            self._files |= await self._fetch(lacking)

    async def open(self, graph: str, backend: str) -> Any:
        """A new session of a graph on a backend, "webgpu" or "wasm".

        On WebGPU, an output stays on the graphics card if any graph of a step, this one's next run included, takes it
        as an input; but not that of a session that is soon released, for the output would go with it.

        Raises:
            RefusalError, TroubleError: see ``bring``.
        """
        await self.bring(graph)
        entry = self._graphs[graph]
        options: dict[str, Any] = {
            "executionProviders": [backend],
            "graphOptimizationLevel": "all",
            "logSeverityLevel": 3,  # errors
            "extra": {
                "session": {
                    # 8-bit weights are floats stored small: no fusion may round the activations to 8 bits as well.
                    "disable_quant_qdq": "1",
                    "disable_qdq_constant_folding": "1" if entry["bytes"] > FOLD_LIMIT else "0",
                }
            },
            "externalData": self._external_data({path: self._files[path] for path in entry["shards"]}),
        }
        if backend == "webgpu":
            stays = not self.alone(graph, backend)
            steps = [self._graphs[each] for each in PICTURE_GRAPHS if stays and each in self._graphs]
            inputs = {name for each in steps for name in each["inputs"]}
            options["preferredOutputLocation"] = {
                name: "gpu-buffer" if name.removeprefix("next_") in inputs else "cpu"
                for name in entry["outputs"]
            }
        return await self._ort.InferenceSession.create(await read(self._files[entry["file"]]), plain(options))


class Sessions:
    """The open sessions by graph; those that memory has room for.

    Args:
        opener: of the model.
        backend: "webgpu" or "wasm".
        variants: another graph that is run in place of one, for instance ``{"unet": "unet_fused"}``.
    """

    def __init__(self, opener: Opener, backend: str, variants: Mapping[str, str]) -> None:
        self._opener, self._backend, self._variants = opener, backend, variants
        self._open: dict[str, Any] = {}

    def adopt(self, graph: str, session: Any) -> None:
        """Take over a session that is open already."""
        self._open[self._variants.get(graph, graph)] = session

    def lacks(self, graph: str) -> bool:
        """Whether files of a graph have to be fetched before it can be opened."""
        return bool(self._opener.lacking(self._variants.get(graph, graph)))

    async def bring(self, graph: str) -> None:
        """Fetch what it lacks."""
        await self._opener.bring(self._variants.get(graph, graph))

    async def get(self, graph: str) -> Any:
        """The session of a graph; opened if need be, the one whose place it takes being released first."""
        graph = self._variants.get(graph, graph)
        if graph not in self._open:
            if self._opener.alone(graph, self._backend):
                for other in [name for name in self._open if self._opener.alone(name, self._backend)]:
                    await self._open.pop(other).release()
            self._open[graph] = await self._opener.open(graph, self._backend)
        return self._open[graph]
