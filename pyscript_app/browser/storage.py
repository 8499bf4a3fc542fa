"""What keeps a model's files: one interface for the device's private file system and for mere memory.

Files are the browser's own ``File`` or ``Blob``: they say their size and are read piece by piece, so that a model of
a gigabyte is never in memory as a whole.
"""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

import js

BLOCK = 1 << 24  # bytes that are hashed at a time where the browser itself cannot

File = Any  # a JavaScript Blob
Bytes = Any  # a JavaScript Uint8Array


class Part(Protocol):
    """The beginning of a file, open for more."""

    size: int

    def write(self, data: Bytes) -> None:
        """Append.

        Raises:
            TroubleError: the device is full; what was written so far stays.
        """

    def clear(self) -> None:
        """Begin again with nothing."""

    async def close(self) -> File:
        """What is there so far, to be read."""


class Folder(Protocol):
    """The files of one model that are here, by their SHA-256."""

    # How a file is asked for (``cache`` of fetch), and how once more if it came damaged.
    requests: tuple[str, str]

    async def whole(self, digest: str) -> File | None:
        """The file of this digest, if all of it is here."""

    async def begun(self, digest: str) -> int:
        """Bytes of its part."""

    async def part(self, digest: str) -> Part:
        """Its part, open; an empty one if there was none."""

    async def keep(self, digest: str) -> File:
        """Let the part be the whole file from now on."""

    async def forget(self, digest: str) -> None:
        """Remove the file, or its part."""

    async def room(self) -> float:
        """Bytes that the browser would still let this folder grow by."""


async def sha256(file: File) -> str:
    """The SHA-256 of a file in hexadecimal digits."""
    # Only secure origins have crypto.subtle, and it takes a file as a whole.
    if subtle := getattr(js.crypto, "subtle", None):
        return str((await subtle.digest("SHA-256", await file.arrayBuffer())).to_bytes().hex())
    digest = hashlib.sha256()
    for begin in range(0, file.size, BLOCK):
        digest.update((await file.slice(begin, begin + BLOCK).arrayBuffer()).to_bytes())
    return digest.hexdigest()


async def read(file: File) -> Bytes:
    """All bytes of a small file."""
    return js.Uint8Array.new(await file.arrayBuffer())
