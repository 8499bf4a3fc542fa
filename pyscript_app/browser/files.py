"""A model's files, as Python is given them: the page brings them here (``web/device/files.js``).

They are the browser's own ``File`` or ``Blob``, which say their size and are read piece by piece, so that a model of
a gigabyte is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import js
from pyodide.ffi import to_js

from pyscript_app.browser.trouble import TroubleError
from pyscript_app.refusal import RefusalError

File = Any  # a JavaScript Blob
Bytes = Any  # a JavaScript Uint8Array


class Files(Protocol):
    """Where files of a model come from."""

    async def open(self, paths: Iterable[str]) -> Mapping[str, File]:
        """Files by their path in the manifest, their digests checked; fetched if need be.

        Raises:
            TroubleError: A file is missing or damaged, the network failed, or there is no room.
        """


class PageFiles:
    """Implements ``Files`` by asking the page.

    Args:
        module: ``web/engine/openfiles.js``.
    """

    def __init__(self, module: Any) -> None:
        self._module = module

    async def open(self, paths: Iterable[str]) -> Mapping[str, File]:
        """See ``Files``."""
        answer = await self._module.open(to_js(sorted(paths)))
        if trouble := getattr(answer, "trouble", None):
            reason = RefusalError(trouble.reason, **trouble.values.to_py())
            raise TroubleError(trouble.code, reason, getattr(trouble, "file", None))
        files: dict[str, File] = answer.files.to_py(depth=1)
        return files


async def read(file: File) -> Bytes:
    """All bytes of a small file."""
    return js.Uint8Array.new(await file.arrayBuffer())
