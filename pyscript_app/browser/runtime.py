"""The loop's runtime on onnxruntime-web: named graphs, one run at a time, tensors that stay on the GPU."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import copy
from math import prod
from typing import Any, Protocol

import js
from pyodide.ffi import to_js

from pyscript_app.browser.control import Control


class Tensor(Protocol):
    """Of an ``ort.Tensor`` what is used here."""

    dims: Sequence[int]

    async def getData(self) -> Any:  # noqa: N802 (onnxruntime-web's name)
        """Its values as a typed array, from wherever they are."""

    def dispose(self) -> None:
        """Free it."""


_TYPECODES = {"float32": "f", "int32": "i"}


def plain(value: Any) -> Any:
    """A JavaScript object of a Python dict, all the way down; buffers become typed arrays."""
    return to_js(value, dict_converter=js.Object.fromEntries)


async def import_module(address: str) -> Any:
    """A JavaScript module, by the import that ``web/python.js`` lends to Python."""
    return await js.importModule(address)


class Session(Protocol):
    """Of an ``ort.InferenceSession`` what is used here."""

    async def run(self, feeds: Any) -> Any:
        """The outputs, an object of tensors by name, for the inputs, such an object too."""

    async def release(self) -> None:
        """Free its memory."""


class Sessions(Protocol):
    """The open sessions of a model by graph (``sessions.Sessions``)."""

    def lacks(self, graph: str) -> bool:
        """Whether files of a graph have to be fetched first."""

    async def bring(self, graph: str) -> None:
        """Fetch them."""

    async def get(self, graph: str) -> Any:
        """A graph's session, opened if need be."""


class WebRuntime:
    """Implements ``pyscript_app.loop.Runtime``.

    Args:
        ort: the onnxruntime-web module.
        graphs: the model's, by name.
        sessions: theirs.
        settle: awaited after a graph's run, until the graphics card is through with it: outputs that stay on the card
            are there before they are computed, and whoever times the run would time its dispatch alone. None where
            the processor computes.
    """

    def __init__(
        self,
        ort: Any,
        graphs: Mapping[str, Mapping[str, Any]],
        sessions: Sessions,
        settle: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._ort, self._graphs, self._sessions, self._settle = ort, graphs, sessions, settle
        self._control = Control()
        self._on_run: Callable[[str], None] = _unheard
        # onnxruntime-web takes one call at a time, and a call that fails must let the next one in.
        self._turn = asyncio.Lock()

    def steered(self, control: Control, on_run: Callable[[str], None]) -> WebRuntime:
        """The same runtime with an activity's buttons; ``on_run`` is told a graph's name before each of its runs."""
        runtime = copy(self)
        runtime._control, runtime._on_run = control, on_run
        return runtime

    async def open(self, graph: str) -> None:
        """Fetch and open a graph before it is run.

        Raises:
            RefusalError: the model has no such graph.
            TroubleError: its files did not come.
            EndedError: the visitor did not want to wait for them.
        """
        await self._bring(graph)
        async with self._turn:
            await self._sessions.get(graph)

    async def _bring(self, graph: str) -> None:
        # Not in a graph's turn: others run meanwhile.
        if self._sessions.lacks(graph):
            await self._control.during(self._sessions.bring(graph))

    async def run(self, graph: str, feeds: dict[str, Tensor]) -> dict[str, Tensor]:
        """Run a graph on tensors by name; raises as ``open``."""
        await self._bring(graph)
        self._on_run(graph)
        async with self._turn:
            results = await (await self._sessions.get(graph)).run(plain(feeds))
            if self._settle:
                await self._settle()
        return {name: getattr(results, name) for name in self._graphs[graph]["outputs"]}

    def tensor(
        self, data: array[Any] | Sequence[float], shape: tuple[int, ...], dtype: str = "float32"
    ) -> Tensor:
        """Make a tensor from values in C order."""
        return make_tensor(self._ort, data, shape, dtype)

    async def read(self, tensor: Tensor) -> array[float]:
        """The values of a float tensor in C order, from wherever it is."""
        return await read_tensor(tensor)

    def release(self, *tensors: Tensor) -> None:
        """Free tensors; one that was read counts as the CPU's, but still holds its buffer on the GPU."""
        for tensor in tensors:
            tensor.dispose()

    async def pause(self) -> None:
        """Let the page's commands in; they may end the activity."""
        await self._control.next_step()


def _unheard(_: str) -> None:
    """Nobody wants to know which graph runs."""


def make_tensor(
    ort: Any, data: array[Any] | Sequence[float], shape: Sequence[int], dtype: str = "float32"
) -> Tensor:
    """Make an ort.Tensor from values in C order."""
    values = data if isinstance(data, array) else array(_TYPECODES[dtype], data)
    tensor: Tensor = ort.Tensor.new(dtype, to_js(values), to_js(list(shape)))
    return tensor


async def read_tensor(tensor: Tensor) -> array[float]:
    """The values of a float tensor; ``assign_to`` copies them a hundred times faster than ``to_py``."""
    values = array("f", bytes(4 * prod(tensor.dims)))
    (await tensor.getData()).assign_to(values)
    return values
