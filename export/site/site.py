"""Put the page together as a folder of static files, and serve it.

The folder needs no server program: any static host will do, also on a sub-path, or ``diffuscope serve``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from export.format.errors import UserError
from export.site.bytecode import bytecode
from export.site.catalogue import catalogue

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
LIBRARIES = ROOT / "node_modules"

# What the page uses of its npm libraries: pattern in node_modules -> folder under vendor/.
VENDORED = {
    "@pyscript/core/dist/core.js": "pyscript",
    "@pyscript/core/dist/core-*.js": "pyscript",
    "@pyscript/core/dist/py-*.js": "pyscript",
    "@pyscript/core/dist/deprecations-manager-*.js": "pyscript",
    "@pyscript/core/dist/donkey-*.js": "pyscript",
    "@pyscript/core/dist/error-*.js": "pyscript",
    "pyodide/pyodide.mjs": "pyodide",
    "pyodide/pyodide.asm.mjs": "pyodide",
    "pyodide/pyodide.asm.wasm": "pyodide",
    "pyodide/pyodide-lock.json": "pyodide",
    "pyodide/python_stdlib.zip": "pyodide",
    "onnxruntime-web/dist/ort.jspi.bundle.min.mjs": "ort",
    "onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.wasm": "ort",
    "onnxruntime-web/dist/ort.webgpu.bundle.min.mjs": "ort",
    "onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm": "ort",
    "onnxruntime-web/dist/ort.wasm.bundle.min.mjs": "ort",
    "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm": "ort",
}
# Fetched when the visitor's browser needs them, and kept from then on; all else is kept at the first visit.
ON_DEMAND = ("models/", "vendor/ort/")


def build(out: Path | str = "site", models: Iterable[str] | None = None) -> Path:
    """Assemble the whole page.

    Args:
        out: folder to make; one that an earlier build made is replaced.
        models: names of folders in ``web/models``; all of them when left out.

    Returns:
        The folder.

    Raises:
        UserError: npm or a model is missing, or ``out`` holds something else.
    """
    out = Path(out).resolve()
    chosen = _models(models)
    _install_libraries()
    if out.exists() and not (out / "precache.js").exists() and any(out.iterdir()):
        raise UserError(f"{out} is not a folder that an earlier build made: empty it, or choose another.")
    making = out.with_name(out.name + ".tmp")
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(WEB, making, ignore=shutil.ignore_patterns("models", "vendor", "*.d.ts", ".*"))
    for model in chosen:
        shutil.copytree(model, making / "models" / model.name)
    (making / "models.json").write_text(json.dumps({"models": catalogue(chosen)}, indent=1), "utf-8")
    _vendor(making)
    _copy_licences(making)
    _zip_python(making / "app.zip")
    write_precache(making)
    shutil.rmtree(out, ignore_errors=True)
    making.rename(out)
    return out


def _models(names: Iterable[str] | None) -> list[Path]:
    found = {manifest.parent.name: manifest.parent for manifest in sorted(WEB.glob("models/*/manifest.json"))}
    wanted = list(found) if names is None else list(names)
    for name in wanted:
        if name not in found:
            there = f"There are: {', '.join(found)}." if found else "There is none yet: export one."
            raise UserError(f"No model is named {name!r} in {WEB / 'models'}. {there}")
    if not wanted:
        raise UserError(f"There is no model in {WEB / 'models'}: export one with 'diffuscope export'.")
    return [found[name] for name in wanted]


def _install_libraries() -> None:
    if all(any(LIBRARIES.glob(pattern)) for pattern in VENDORED):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("The page's libraries are missing, and so is npm: install Node.js 20 or newer.")
    command = [npm, "ci", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise UserError(f"'npm ci' failed in {ROOT} ({reason}): look at the network and build again.")


def _vendor(site: Path) -> None:
    """Copy the libraries' files, and the fonts that the style sheets name."""
    for pattern, folder in VENDORED.items():
        target = site / "vendor" / folder
        target.mkdir(parents=True, exist_ok=True)
        for file in LIBRARIES.glob(pattern):
            shutil.copy(file, target)
    fonts = {file.name: file for file in LIBRARIES.glob("@fontsource-variable/*/files/*.woff2")}
    (site / "vendor" / "fonts").mkdir(parents=True)
    for sheet in sorted(site.glob("style/*.css")):
        for name in re.findall(r"vendor/fonts/([\w.-]+\.woff2)", sheet.read_text("utf-8")):
            if name not in fonts:
                raise UserError(f"{sheet.name} names the font {name}, which no @fontsource package holds.")
            shutil.copy(fonts[name], site / "vendor" / "fonts")


def _copy_licences(site: Path) -> None:
    """Copy the notice, and the licence texts that the npm packages carry."""
    target = site / "licences"
    target.mkdir()
    for file in (ROOT / "NOTICE.md", ROOT / "LICENSE"):
        shutil.copy(file, target)
    for file in LIBRARIES.glob("@*/*/LICENSE"):
        if file.parent.parent.name in {"@fontsource-variable", "@pyscript"}:
            shutil.copy(file, target / f"{file.parent.name}.txt")


def _zip_python(target: Path) -> None:
    """Pack pyscript_app, its modules as source and compiled; equal sources give equal bytes."""
    package = ROOT / "pyscript_app"
    files = {
        file.relative_to(ROOT).as_posix(): file.read_bytes()
        for file in (*package.rglob("*.py"), *package.glob("*.json"))
    }
    modules = tuple(
        (path, content.decode()) for path, content in sorted(files.items()) if path.endswith(".py")
    )
    files |= bytecode(LIBRARIES / "pyodide", modules)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(path)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def write_precache(site: Path) -> None:
    """Write precache.js for the service worker: the hash and size of every file."""
    files = {}
    for file in sorted(path for path in site.rglob("*") if path.is_file()):
        path = file.relative_to(site).as_posix()
        if path == "sw.js":  # the browser itself keeps and compares it
            continue
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
        files[path] = {
            "hash": digest,
            "bytes": file.stat().st_size,
            "onDemand": path.startswith(ON_DEMAND),
        }
    version = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:16]
    text = json.dumps({"version": version, "files": files}, indent=1)
    (site / "precache.js").write_text(f"self.PRECACHE = {text};\n", "utf-8")


class Handler(SimpleHTTPRequestHandler):
    """Static files with the right types, byte ranges and, when asked for, the headers of isolation."""

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
        if self.isolate:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
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


def _blocks(read: Callable[[int], bytes], count: int) -> Iterator[bytes]:
    while count > 0 and (block := read(min(count, 1 << 20))):
        count -= len(block)
        yield block


def server(
    folder: Path | str, port: int = 8000, host: str = "127.0.0.1", isolate: bool = True
) -> ThreadingHTTPServer:
    """Make a server of ``folder``, bound but not yet serving.

    Args:
        folder: a built site, or a folder above one (the page then runs on a sub-path).
        port: 0 takes any free one; read it from ``server_address``.
        host: the address to listen on.
        isolate: send the headers that allow threads; without them the page's service worker adds them.

    Raises:
        UserError: the folder is missing, or the port is taken.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}: build the page first with 'diffuscope build'.")
    try:
        return ThreadingHTTPServer((host, port), partial(Handler, directory=str(folder), isolate=isolate))
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
