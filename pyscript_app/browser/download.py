"""Files of a hosted model: fetched a few at once, gone on with where they broke off, checked against their digests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

import js
from pyodide.ffi import JsException

from pyscript_app.browser.progress import Progress, Report
from pyscript_app.browser.runtime import plain
from pyscript_app.browser.storage import File, Folder, Part, sha256
from pyscript_app.browser.trouble import damaged, interrupted, missing, no_room

AT_ONCE = 4  # files
PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds before a broken connection is tried again
GONE, NO_SUCH_RANGE = (404, 410), 416  # HTTP


class Download:
    """Brings files of one model into its folder.

    Args:
        address: absolute address of the model's folder on the server, ending in a slash.
        files: the manifest's ``files``: ``{path: {"bytes", "sha256"}}``.
        folder: where they go, and what is there already.
        report: told how the download stands (``Progress``).
    """

    def __init__(
        self, address: str, files: Mapping[str, Mapping[str, Any]], folder: Folder, report: Report
    ) -> None:
        self._address, self._files, self._folder, self._report = address, files, folder, report
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._reading = asyncio.Lock()  # a file that is checked is in memory for a moment

    async def load(self, paths: Iterable[str]) -> dict[str, File]:
        """The files of these paths, checked.

        Raises:
            TroubleError: a file is missing or damaged, the network failed, or there is no room. What has arrived
                stays in the folder, and the next call goes on from there.
        """
        paths = set(paths)
        # Two paths of the same content are one file.
        first = {self._files[path]["sha256"]: path for path in sorted(paths, reverse=True)}
        here = {path: await self._arrived(digest) for digest, path in first.items()}
        total = sum(self._files[path]["bytes"] for path in here)
        needed, room = total - sum(here.values()), await self._folder.room()
        if needed > room:
            raise no_room(needed, room)
        self._progress = Progress(here, total, self._report)
        tasks = [asyncio.ensure_future(self._load(path)) for path in sorted(here)]
        try:
            loaded = dict(zip(sorted(here), await asyncio.gather(*tasks), strict=True))
        finally:
            for task in tasks:  # one that failed ends them all; each closes its part
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return {path: loaded[first[self._files[path]["sha256"]]] for path in paths}

    async def _arrived(self, digest: str) -> int:
        whole = await self._folder.whole(digest)
        return whole.size if whole else await self._folder.begun(digest)

    async def _load(self, path: str) -> File:
        digest = self._files[path]["sha256"]
        async with self._slots:
            if (whole := await self._folder.whole(digest)) and await self._matches(whole, path):
                return whole
            if whole:  # spoilt in the store
                await self._folder.forget(digest)
                self._progress.stands(path, 0)
            for cache in self._folder.requests:
                if await self._matches(await self._fetch(path, cache), path):
                    return await self._folder.keep(digest)
                await self._folder.forget(digest)
                self._progress.stands(path, 0)
            raise damaged(path)

    async def _matches(self, file: File, path: str) -> bool:
        promised = self._files[path]
        async with self._reading:
            return bool(file.size == promised["bytes"]) and await sha256(file) == promised["sha256"]

    async def _fetch(self, path: str, cache: str) -> File:
        """The file as the server gives it: perhaps with other bytes than the manifest promises."""
        part = await self._folder.part(self._files[path]["sha256"])
        try:
            pauses = iter(PAUSES)
            tag, reached = "", part.size
            while part.size != self._files[path]["bytes"]:
                try:
                    response = await self._ask(path, part, cache, tag)
                    tag = response.headers.get("ETag") or ""
                    await self._receive(response, part, path)
                    break
                except (JsException, ConnectionError) as error:
                    if part.size > reached:  # a line that gives something is tried for as long as it does
                        pauses, reached = iter(PAUSES), part.size
                    if (pause := next(pauses, None)) is None:
                        raise interrupted(path) from error
                    await asyncio.sleep(pause)
        finally:
            file = await part.close()
        return file

    async def _ask(self, path: str, part: Part, cache: str, tag: str) -> Any:
        """Ask for what the part still lacks; a host that cannot do that is taken from the start."""
        if part.size > self._files[path]["bytes"]:
            part.clear()
        wishes = {"Range": f"bytes={part.size}-"} if part.size else {}
        if wishes and tag.startswith('"'):  # a weak tag names no bytes
            wishes["If-Range"] = tag
        response = await js.fetch(self._address + path, plain({"cache": cache, "headers": wishes}))
        if response.status in GONE:
            raise missing(path)
        if response.status == NO_SUCH_RANGE and part.size:
            part.clear()
            return await self._ask(path, part, cache, "")
        if not response.ok:
            raise ConnectionError(response.status)
        begins = re.match(r"bytes (\d+)-", response.headers.get("Content-Range") or "")
        if part.size and not (response.status == 206 and begins and int(begins[1]) == part.size):
            part.clear()
            self._progress.stands(path, 0)
        return response

    async def _receive(self, response: Any, part: Part, path: str) -> None:
        reader = response.body.getReader()
        while part.size <= self._files[path]["bytes"] and not (piece := await reader.read()).done:
            part.write(piece.value)
            self._progress.arrived(path, piece.value.byteLength)
        await reader.cancel()  # of a file that is longer than promised
