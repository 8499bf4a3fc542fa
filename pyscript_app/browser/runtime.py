"""The loop's runtime on onnxruntime-web: named graphs, one run at a time, tensors that stay on the GPU."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import prod
from typing import Any, Protocol

import js
from pyodide.code import run_js
from pyodide.ffi import to_js


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
    """A JavaScript module."""
    return await run_js("(address) => import(address)")(address)


class WebRuntime:
    """Implements ``pyscript_app.loop.Runtime``.

    Args:
        ort: the onnxruntime-web module.
        graphs: the manifest's ``graphs``.
        session: gives the open session of a graph.
        on_run: told a graph's name before each of its runs.
        pause: awaited between the steps, so that the page's commands get in.
        settle: awaited after a graph's run, until the graphics card is through with it: outputs that stay on the card
            are there before they are computed, and whoever times the run would time its dispatch alone. None where
            the processor computes.
    """

    def __init__(
        self,
        ort: Any,
        graphs: Mapping[str, Mapping[str, Any]],
        session: Callable[[str], Awaitable[Any]],
        on_run: Callable[[str], None],
        pause: Callable[[], Awaitable[None]],
        settle: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._ort, self._graphs, self._session = ort, graphs, session
        self._on_run, self._pause, self._settle = on_run, pause, settle
        # onnxruntime-web takes one call at a time, and a call that fails must let the next one in.
        self._turn = asyncio.Lock()

    async def run(self, graph: str, feeds: dict[str, Tensor]) -> dict[str, Tensor]:
        """Run a graph on tensors by name."""
        self._on_run(graph)
        async with self._turn:
            results = await (await self._session(graph)).run(plain(feeds))
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
        """Let the page's commands in; they may end the run."""
        await self._pause()


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
