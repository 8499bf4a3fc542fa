"""The server of a built page."""

from __future__ import annotations

import socket
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from export.format.errors import UserError
from export.site import serving
from export.site.policy import POLICY


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "weights.bin").write_bytes(bytes(range(100)))
    (tmp_path / "module.mjs").write_text("export {}")
    (tmp_path / "code.wasm").write_bytes(b"\0asm")
    with serving.server(tmp_path, 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/"
        running.shutdown()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("module.mjs", "text/javascript; charset=utf-8"),
        ("code.wasm", "application/wasm"),
        ("weights.bin", "application/octet-stream"),
    ],
)
def test_types(address: str, path: str, kind: str) -> None:
    with urllib.request.urlopen(address + path) as response:
        assert response.headers["Content-Type"] == kind
        assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert response.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    ("asked", "first", "last"), [("bytes=10-19", 10, 19), ("bytes=90-", 90, 99), ("bytes=95-500", 95, 99)]
)
def test_ranges(address: str, asked: str, first: int, last: int) -> None:
    request = urllib.request.Request(address + "weights.bin", headers={"Range": asked})
    with urllib.request.urlopen(request) as response:
        assert response.status == 206
        assert response.headers["Content-Range"] == f"bytes {first}-{last}/100"
        assert response.read() == bytes(range(first, last + 1))


def test_a_range_beyond_the_end_is_refused(address: str) -> None:
    request = urllib.request.Request(address + "weights.bin", headers={"Range": "bytes=100-"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 416


def test_a_taken_port_and_a_missing_folder_are_said(tmp_path: Path) -> None:
    with serving.server(tmp_path, 0) as running, pytest.raises(UserError, match="--port"):
        serving.server(tmp_path, running.server_address[1])
    with pytest.raises(UserError, match="diffuscope build"):
        serving.server(tmp_path / "nowhere", 0)


def test_a_visitor_who_leaves_in_the_middle_is_no_error(
    address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    handle = serving.Server.handle_error

    def handled(server: serving.Server, request: socket.socket, client: tuple[str, int]) -> None:
        handle(server, request, client)
        ended.set()

    monkeypatch.setattr(serving.Server, "handle_error", handled)
    (tmp_path / "large.bin").write_bytes(bytes(20_000_000))
    port = int(address.rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as visitor:
        visitor.sendall(b"GET /large.bin HTTP/1.1\r\nHost: here\r\n\r\n")
        visitor.recv(100)
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # hangs up at once
    assert ended.wait(10)
    assert capfd.readouterr().err == ""
