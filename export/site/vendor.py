"""What the page uses of npm packages: files as they are, fonts, libraries bundled by esbuild, and the licences."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from export.format.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ROOT / "node_modules"

# Files that are taken as they are: pattern in node_modules -> folder under vendor/.
COPIED = {
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
# The packages, of these and of the fonts, that carry a licence text.
LICENSED = ("@fontsource-variable/*", "@pyscript/core")


def install() -> None:
    """Let npm fetch the packages that package.json depends on, where one is missing.

    Raises:
        UserError: there is no npm, or it failed.
    """
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    if all((LIBRARIES / name).is_dir() for name in wanted):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("The page's libraries are missing, and so is npm: install Node.js 20 or newer.")
    command = [npm, "ci", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise UserError(f"'npm ci' failed in {ROOT} ({reason}): look at the network and build again.")


def vendor(site: Path, entries: Iterable[Path]) -> None:
    """Put into a site what it uses of the packages, and the licence texts that they carry.

    Args:
        site: the page's own files; gets ``vendor/`` and ``licences/``.
        entries: modules that import from npm packages; each becomes one of its name in ``vendor/`` that stands alone.

    Raises:
        UserError: a style sheet names a font that no package holds, or an entry cannot be bundled.
    """
    _copy(site)
    _copy_fonts(site)
    packages = {folder for pattern in LICENSED for folder in LIBRARIES.glob(pattern)}
    _copy_licences(site / "licences", packages | bundle(site / "vendor", entries))


def _copy(site: Path) -> None:
    for pattern, folder in COPIED.items():
        target = site / "vendor" / folder
        target.mkdir(parents=True, exist_ok=True)
        for file in LIBRARIES.glob(pattern):
            shutil.copy(file, target)


def _copy_fonts(site: Path) -> None:
    fonts = {file.name: file for file in LIBRARIES.glob("@fontsource-variable/*/files/*.woff2")}
    (site / "vendor" / "fonts").mkdir(parents=True)
    for sheet in sorted(site.glob("style/*.css")):
        for name in re.findall(r"vendor/fonts/([\w.-]+\.woff2)", sheet.read_text("utf-8")):
            if name not in fonts:
                raise UserError(f"{sheet.name} names the font {name}, which no @fontsource package holds.")
            shutil.copy(fonts[name], site / "vendor" / "fonts")


def bundle(folder: Path, entries: Iterable[Path]) -> set[Path]:
    """Let esbuild make an ES module of each entry with all that it imports; equal packages give equal bytes.

    What several entries import stands once, in a module of its own beside them.

    Args:
        folder: where the modules are put.
        entries: modules that see ``node_modules``.

    Returns:
        The folders of the packages that went into them.

    Raises:
        UserError: esbuild could not, most often for a package that is not installed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        inputs = Path(scratch) / "inputs.json"
        command = [
            str(LIBRARIES / ".bin/esbuild"),
            *(str(entry) for entry in sorted(entries)),
            *("--bundle", "--splitting", "--format=esm", "--target=es2022", "--minify", "--charset=utf8"),
            *("--legal-comments=none", "--log-level=error", f"--outdir={folder}", f"--metafile={inputs}"),
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(
                f"The page's libraries could not be bundled: {done.stderr.strip()}\nRun 'npm ci'."
            )
        read = json.loads(inputs.read_text("utf-8"))["inputs"]
    found = (re.match(r"(.*node_modules/(?:@[^/]+/)?[^/]+)/", path) for path in read)
    return {(ROOT / one[1]).resolve() for one in found if one}


def _copy_licences(target: Path, packages: Iterable[Path]) -> None:
    """Copy the notice, and the licence text of each package."""
    target.mkdir()
    for file in (ROOT / "NOTICE.md", ROOT / "LICENSE"):
        shutil.copy(file, target)
    for folder in packages:
        text = next(folder.glob("LICEN[CS]E*"), None)
        if text is None:
            raise UserError(
                f"The package {folder.name} carries no licence text, so the page must not ship it."
            )
        name = "-".join(part.lstrip("@") for part in folder.parts[folder.parts.index("node_modules") + 1 :])
        shutil.copy(text, target / f"{name}.txt")
