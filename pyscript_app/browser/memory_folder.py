"""A model's files for this visit only, where the browser has no private file system.

The service worker's cache keeps what is fetched so, and answers the next visit's requests.
"""

from __future__ import annotations

from math import inf

import js
from pyodide.ffi import to_js

from pyscript_app.browser.storage import Bytes, File


class MemoryFolder:
    """Implements ``storage.Folder``: the browser holds the bytes of Blobs where it likes."""

    requests = ("default", "reload")

    def __init__(self) -> None:
        self._parts: dict[str, MemoryPart] = {}

    async def whole(self, digest: str) -> File | None:
        """Nothing is whole that has not been checked in this visit."""
        return None

    async def begun(self, digest: str) -> int:
        """Bytes of a part that an earlier try left."""
        return self._parts[digest].size if digest in self._parts else 0

    async def part(self, digest: str) -> MemoryPart:
        """What an earlier try left, or nothing yet."""
        return self._parts.setdefault(digest, MemoryPart())

    async def keep(self, digest: str) -> File:
        """The file; the engine holds it from now on."""
        return await self._parts.pop(digest).close()

    async def forget(self, digest: str) -> None:
        """Drop the part."""
        self._parts.pop(digest, None)

    async def room(self) -> float:
        """Nobody can tell how much memory there is."""
        return inf


class MemoryPart:
    """Implements ``storage.Part``."""

    def __init__(self) -> None:
        self._pieces: list[Bytes] = []
        self.size = 0

    def write(self, data: Bytes) -> None:
        """Append."""
        self._pieces.append(data)
        self.size += data.byteLength

    def clear(self) -> None:
        """Begin again with nothing."""
        self._pieces.clear()
        self.size = 0

    async def close(self) -> File:
        """The pieces as one Blob."""
        return js.Blob.new(to_js(self._pieces))
