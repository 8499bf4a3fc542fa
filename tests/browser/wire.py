"""A host on a bad line: it is slow, breaks off, spoils bytes or knows no ranges, as a test wishes, and keeps count."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

from export.site.serving import Handler

BLOCK = 1 << 18  # bytes
# What is on its way when a line breaks is lost: a page on busy cores gets this long to take it.
LAST_BREATH = 2.0  # seconds
LONGEST = 120.0  # seconds that an answer is held


class Line:
    """What happens to answers; paths are as in the address, and a test changes the fields as it goes."""

    def __init__(self) -> None:
        self.address = ""
        self.ranges = True
        self.changing = False  # whether each answer carries another ETag
        self.held: dict[str, threading.Event] = {}  # what answers wait for
        self.pause = 0.0  # seconds between blocks
        self.cuts: dict[str, list[int]] = defaultdict(
            list
        )  # bytes that each next answer gives before it breaks off
        self.spoilt: Counter[str] = Counter()  # answers that still get a wrong byte
        self.asked: dict[str, list[int]] = defaultdict(list)  # first byte of each request
        self.sent: Counter[str] = Counter()  # bytes
        self.requests: Counter[str] = Counter()  # of any path


class WireHandler(Handler):
    """Answers as the line lets it."""

    def __init__(self, *arguments: object, line: Line, **options: object) -> None:
        self.line = line
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:  # noqa: N802 (the base class looks for it)
        """Answer a weights shard over the bad line, and all else as usual."""
        path, line = self.path.lstrip("/"), self.line
        line.requests[path] += 1
        if path in line.held:
            line.held[path].wait(LONGEST)
        if not path.endswith(".bin"):
            super().do_GET()
            return
        content = bytearray(Path(self.translate_path(self.path)).read_bytes())
        tag = f'"{len(line.asked[path]) if line.changing else 0}"'
        same = self.headers.get("If-Range", tag) == tag
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if line.ranges and same else None
        first = int(asked[1]) if asked else 0
        line.asked[path].append(first)
        if line.spoilt[path]:
            line.spoilt[path] -= 1
            content[-1] ^= 1
        self.send_response(206 if asked else 200)
        self.send_header("ETag", tag)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        last = first + line.cuts[path].pop(0) if line.cuts[path] else len(content)
        try:
            for begin in range(first, min(last, len(content)), BLOCK):
                block = content[begin : min(begin + BLOCK, last)]
                self.wfile.write(block)
                line.sent[path] += len(block)
                time.sleep(line.pause)
        except OSError:  # the visitor went away
            last = first
        self.close_connection = last < len(content)
        if self.close_connection and last > first:
            time.sleep(LAST_BREATH)


@contextmanager
def bad_line(folder: Path) -> Iterator[Line]:
    """Serve a folder, without special headers, over a line that is good until a test changes it."""
    line = Line()
    handler = partial(WireHandler, line=line, directory=str(folder), isolate=False)
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    line.address = f"http://127.0.0.1:{running.server_address[1]}/"
    try:
        yield line
    finally:
        running.shutdown()
        running.server_close()
