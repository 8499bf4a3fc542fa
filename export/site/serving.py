"""Serve a built page: static files with the right types, byte ranges, and the headers that a careful host sends."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from export.format.errors import UserError
from export.site.policy import POLICY

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Content-Security-Policy": POLICY,
}


class Handler(SimpleHTTPRequestHandler):
    """Static files with the right types, byte ranges and, when asked for, the headers of isolation and policy."""

    extensions_map = {  # noqa: RUF012 (the base class declares it so)
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".json": "application/json",
        ".wasm": "application/wasm",
        ".zip": "application/zip",
        ".py": "text/x-python; charset=utf-8",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".webp": "image/webp",
        ".woff2": "font/woff2",
        "": "application/octet-stream",
    }
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: object, isolate: bool, **options: object) -> None:
        self.isolate = isolate
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def end_headers(self) -> None:
        """Add the headers that every answer carries."""
        self.send_header("Cache-Control", "no-cache")
        for name, value in HEADERS.items() if self.isolate else ():
            self.send_header(name, value)
        super().end_headers()

    def do_GET(self) -> None:
        """Answer with the file or the part of it that was asked for."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        file = Path(self.translate_path(self.path))
        if asked is None or not file.is_file():
            super().do_GET()
            return
        size = file.stat().st_size
        first, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
        if first > last:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        with file.open("rb") as stream:
            stream.seek(first)
            for block in _blocks(stream.read, last - first + 1):
                self.wfile.write(block)

    def log_message(self, *_: object) -> None:
        """Keep the terminal quiet."""


class Server(ThreadingHTTPServer):
    """Says nothing of visitors who leave in the middle of an answer, as every reload does."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what went wrong with an answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _blocks(read: Callable[[int], bytes], count: int) -> Iterator[bytes]:
    while count > 0 and (block := read(min(count, 1 << 20))):
        count -= len(block)
        yield block


def server(folder: Path | str, port: int = 8000, host: str = "127.0.0.1", isolate: bool = True) -> Server:
    """Make a server of ``folder``, bound but not yet serving.

    Args:
        folder: a built site, or a folder above one (the page then runs on a sub-path).
        port: 0 takes any free one; read it from ``server_address``.
        host: the address to listen on.
        isolate: send the headers that allow threads, and the policy; without them the page's service worker adds them.

    Raises:
        UserError: the folder is missing, or the port is taken.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}: build the page first with 'diffuscope build'.")
    try:
        return Server((host, port), partial(Handler, directory=str(folder), isolate=isolate))
    except OSError as error:
        raise UserError(
            f"Port {port} cannot be used ({error.strerror}): choose another with --port."
        ) from error


def serve(folder: Path | str = "site", port: int = 8000) -> None:
    """Serve a built site on this machine until Ctrl-C.

    Raises:
        UserError: see ``server``.
    """
    with server(folder, port) as running, contextlib.suppress(KeyboardInterrupt):
        running.serve_forever()
