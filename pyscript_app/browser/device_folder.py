"""A model's folder in the browser's private file system, which only this site sees and which lasts.

``models/<name>/<sha256>`` is a whole file that matched its digest, ``<sha256>.part`` the beginning of one;
``manifest.json`` says what they are parts of, and ``backend.json`` what was found to run them best.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import js
from pyodide.ffi import JsException, create_once_callable, to_js

from pyscript_app.browser.runtime import plain
from pyscript_app.browser.storage import Bytes, File
from pyscript_app.browser.trouble import no_room

MANIFEST, VERDICT = "manifest.json", "backend.json"
# A worker that has just been ended still holds its files for a moment.
RELEASE_PAUSE, RELEASE_TRIES = 0.2, 50  # seconds, times


class DeviceFolder:
    """Implements ``storage.Folder``; made by ``open``."""

    # Neither the service worker nor the browser's cache shall keep it as well.
    requests = ("no-store", "no-store")

    def __init__(self, path: str, handle: Any) -> None:
        self._path, self._handle = path, handle

    @classmethod
    async def open(cls, path: str) -> DeviceFolder | None:
        """The folder at a path, new if need be; None where the browser has none, as in some private windows."""
        kind = getattr(js, "FileSystemFileHandle", None)
        if not kind or not hasattr(kind.prototype, "createSyncAccessHandle"):
            return None
        try:
            handle = await js.navigator.storage.getDirectory()
            for name in path.strip("/").split("/"):
                handle = await handle.getDirectoryHandle(name, plain({"create": True}))
        except JsException:
            return None
        return cls(path, handle)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until no other tab is at this folder, and keep the others out meanwhile."""
        granted, done = asyncio.Event(), asyncio.Event()

        async def hold(_: Any) -> None:
            granted.set()
            await done.wait()

        name = f"diffuscope {self._path}"
        held = asyncio.ensure_future(js.navigator.locks.request(name, create_once_callable(hold)))
        turn = asyncio.ensure_future(granted.wait())
        try:
            await asyncio.wait({held, turn}, return_when=asyncio.FIRST_COMPLETED)
            if not turn.done():
                await held  # the browser refuses, and says why
            yield
        finally:
            done.set()  # also for who waits no longer
            await held

    async def whole(self, digest: str) -> File | None:
        """The file of this digest, if all of it is here."""
        return await self._file(digest)

    async def begun(self, digest: str) -> int:
        """Bytes of its part."""
        file = await self._file(f"{digest}.part")
        return file.size if file else 0

    async def part(self, digest: str) -> DevicePart:
        """Its part, open; an empty one if there was none."""
        handle = await self._make(f"{digest}.part")
        return DevicePart(handle, await _access(handle))

    async def keep(self, digest: str) -> File:
        """Let the part be the whole file from now on."""
        handle = await self._make(f"{digest}.part")
        await handle.move(digest)
        return await handle.getFile()

    async def forget(self, digest: str) -> None:
        """Remove the file, or its part."""
        for name in (digest, f"{digest}.part"):
            if await self._file(name):
                await self._handle.removeEntry(name)

    async def room(self) -> float:
        """Bytes that the browser would still let this folder grow by."""
        estimate = await js.navigator.storage.estimate()
        return max(0.0, float(estimate.quota - estimate.usage))

    async def tidy(self, digests: Collection[str]) -> None:
        """Remove files of other digests than these."""
        names = [name async for name in self._handle.keys()]  # noqa: SIM118 (a JavaScript iterator)
        for name in names:
            if name not in (MANIFEST, VERDICT) and name.removesuffix(".part") not in digests:
                await self._handle.removeEntry(name)

    async def note(self, name: str, text: str) -> None:
        """Keep a short text under a name."""
        access = await _access(await self._make(name))
        try:
            access.truncate(0)
            access.write(to_js(text.encode()))
        finally:
            access.close()

    async def noted(self, name: str) -> Any:
        """The JSON of a note; None where there is none that can be read."""
        file = await self._file(name)
        try:
            return json.loads(await file.text()) if file else None
        except ValueError:
            return None

    async def _make(self, name: str) -> Any:
        return await self._handle.getFileHandle(name, plain({"create": True}))

    async def _file(self, name: str) -> File | None:
        try:
            return await (await self._handle.getFileHandle(name)).getFile()
        except JsException as error:
            if error.name != "NotFoundError":
                raise
            return None


class DevicePart:
    """Implements ``storage.Part`` with the file system's synchronous access, which keeps what a closed tab wrote."""

    def __init__(self, handle: Any, access: Any) -> None:
        self._handle, self._access = handle, access
        self.size: int = access.getSize()

    def write(self, data: Bytes) -> None:
        """Append.

        Raises:
            TroubleError: the device is full; what was written so far stays.
        """
        try:
            written = self._access.write(data, plain({"at": self.size}))
        except JsException as error:
            if error.name != "QuotaExceededError":
                raise
            written = 0
        # Chromium throws nothing on a full device: it says 2^32 - 8.
        if written != data.byteLength:
            self._access.truncate(self.size)
            raise no_room()
        self.size += written

    def clear(self) -> None:
        """Begin again with nothing."""
        self._access.truncate(0)
        self.size = 0

    async def close(self) -> File:
        """What is there so far, to be read."""
        self._access.close()
        return await self._handle.getFile()


async def _access(handle: Any) -> Any:
    """A file's synchronous access, which only one worker has at a time."""
    for _ in range(RELEASE_TRIES):
        try:
            return await handle.createSyncAccessHandle()
        except JsException as error:
            if error.name != "NoModificationAllowedError":
                raise
        await asyncio.sleep(RELEASE_PAUSE)
    return await handle.createSyncAccessHandle()
