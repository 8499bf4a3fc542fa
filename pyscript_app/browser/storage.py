"""The model's files: fetched with byte progress, checked against the manifest's digests.

Keeping them is the service worker's task; a fetch that it answers needs no network.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from pyscript_app.browser.trouble import damaged, interrupted, missing

REPORT_EVERY = 0.1  # seconds
Bytes = Any  # a JavaScript Uint8Array


class Storage:
    """Fetches files of one model.

    Args:
        folder: absolute address of the model's folder, ending in a slash.
        files: the manifest's ``files``: ``{path: {"bytes", "sha256"}}``.
        report: told the bytes that have arrived so far, ten times a second at most.
    """

    def __init__(self, folder: str, files: dict[str, dict[str, Any]], report: Callable[[int], None]) -> None:
        self._folder, self._files, self._report = folder, files, report
        self._arrived: dict[str, int] = {}
        self._reported = 0.0

    def total(self, paths: Iterable[str]) -> int:
        """Bytes of these files together."""
        return sum(self._files[path]["bytes"] for path in set(paths))

    async def load(self, paths: Iterable[str]) -> dict[str, Bytes]:
        """Fetch files at once and check them.

        Raises:
            TroubleError: a file is missing, damaged, or the network failed.
        """
        wanted = sorted(set(paths))
        contents = await asyncio.gather(*map(self._load, wanted))
        self._report(self.total(wanted))
        return dict(zip(wanted, contents, strict=True))

    async def _load(self, path: str) -> Bytes:
        for cache in ("default", "reload"):  # a copy that was damaged in the store is fetched once more
            content = await self._fetch(path, cache)
            if await _sha256(content) == self._files[path]["sha256"]:
                return content
        raise damaged(path)

    async def _fetch(self, path: str, cache: str) -> Bytes:
        """The file's bytes; cut or padded with zeros where it has not the size that was promised."""
        size = self._files[path]["bytes"]
        content = js.Uint8Array.new(size)
        arrived = 0
        try:
            response = await js.fetch(
                self._folder + path, to_js({"cache": cache}, dict_converter=js.Object.fromEntries)
            )
            if response.status in (404, 410):
                raise missing(path)
            if not response.ok:
                raise interrupted(path)
            reader = response.body.getReader()
            while not (part := await reader.read()).done:
                if arrived + part.value.length <= size:
                    content.set(part.value, arrived)
                arrived += part.value.length
                self._arrived[path] = min(arrived, size)
                self._tell()
        except JsException as error:
            raise interrupted(path) from error
        return content if arrived == size else content.subarray(0, 0)

    def _tell(self) -> None:
        now = monotonic()
        if now - self._reported >= REPORT_EVERY:
            self._reported = now
            self._report(sum(self._arrived.values()))


async def _sha256(content: Bytes) -> str:
    # Insecure origins have no crypto.subtle.
    subtle = getattr(js.crypto, "subtle", None)
    if not subtle:
        return hashlib.sha256(content.to_bytes()).hexdigest()
    return (await subtle.digest("SHA-256", content)).to_bytes().hex()
