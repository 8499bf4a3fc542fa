"""Put the page together as a folder of static files.

The folder needs no server program: any static host will do, also on a sub-path, or ``diffuscope serve``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from export.format.errors import UserError
from export.site.bytecode import bytecode
from export.site.catalogue import catalogue
from export.site.policy import POLICY
from export.site.vendor import LIBRARIES, ROOT, install, vendor

WEB = ROOT / "web"

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
    install()
    if out.exists() and not (out / "precache.js").exists() and any(out.iterdir()):
        raise UserError(f"{out} is not a folder that an earlier build made: empty it, or choose another.")
    making = out.with_name(out.name + ".tmp")
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(WEB, making, ignore=shutil.ignore_patterns("models", "vendor", "types.d.ts", ".*"))
    for model in chosen:
        shutil.copytree(model, making / "models" / model.name)
    (making / "models.json").write_text(json.dumps({"models": catalogue(chosen)}, indent=1), "utf-8")
    _write_policy(making / "index.html")
    vendor(making, WEB.glob("vendor/*.js"))
    _zip_python(making / "app.zip")
    _write_precache(making)
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


def _write_policy(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.count("{policy}") == 1, page
    page.write_text(text.replace("{policy}", POLICY), "utf-8")


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


def _write_precache(site: Path) -> None:
    """Write precache.js for the service worker: the hash and size of every file, and the policy to answer with."""
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
    text = json.dumps({"version": version, "policy": POLICY, "files": files}, indent=1)
    (site / "precache.js").write_text(f"self.PRECACHE = {text};\n", "utf-8")
