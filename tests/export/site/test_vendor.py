"""What the page takes from npm packages."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from export.format.errors import UserError
from export.site import vendor
from export.site.site import WEB

ENTRIES = sorted(WEB.glob("vendor/*.js"))


def test_fonts_that_the_style_sheets_name_are_there(built: Path) -> None:
    named = {
        name
        for sheet in built.glob("style/*.css")
        for name in re.findall(r"vendor/fonts/([\w.-]+)", sheet.read_text("utf-8"))
    }
    assert named
    assert named == {font.name for font in built.glob("vendor/fonts/*")}


def test_the_licences_travel_with_what_they_cover(built: Path) -> None:
    names = {file.name for file in (built / "licences").iterdir()}
    assert {
        *("NOTICE.md", "LICENSE", "pyscript-core.txt", "fontsource-variable-source-serif-4.txt"),
        *("intl-messageformat.txt", "formatjs-icu-messageformat-parser.txt"),
    } <= names


def test_missing_npm_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "LIBRARIES", tmp_path)
    monkeypatch.setattr(vendor.shutil, "which", lambda name: None)
    with pytest.raises(UserError, match=r"install Node\.js"):
        vendor.install()


def packages(root: Path, files: dict[str, str]) -> list[Path]:
    """Packages and entries below a folder as an installation has them; the entries."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return [root / path for path in files if "node_modules" not in path]


def test_each_entry_becomes_a_module_that_stands_alone(built: Path) -> None:
    assert ENTRIES
    for entry in ENTRIES:
        module = built / "vendor" / entry.name
        text = module.read_text("utf-8")
        imported = re.findall(r"""\b(?:from|import)\s*\(?["']([^"']+)""", text)
        assert all((module.parent / path).exists() for path in imported), imported
        script = f"console.log(Object.keys(await import({module.as_uri()!r})))"
        command = ["node", "--input-type=module", "--eval", script]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert all(
            name in done.stdout for name in re.findall(r"export \{ (\w+) \}", entry.read_text("utf-8"))
        )


def test_equal_packages_give_equal_bytes(built: Path, tmp_path: Path) -> None:
    vendor.bundle(tmp_path, ENTRIES)
    for made in tmp_path.iterdir():
        assert made.read_bytes() == (built / "vendor" / made.name).read_bytes()
    assert {entry.name for entry in ENTRIES} <= {made.name for made in tmp_path.iterdir()}


def test_what_two_libraries_share_stands_once_and_each_package_is_told(tmp_path: Path) -> None:
    entries = packages(
        tmp_path,
        {
            "node_modules/shared/index.js": "export const shared = 'only once'.repeat(Math.random());",
            "node_modules/@some/chart/index.js": "export { shared as chart } from 'shared';",
            "one.js": "export { chart } from '@some/chart';",
            "two.js": "export { shared } from 'shared';",
        },
    )
    told = vendor.bundle(tmp_path / "out", entries)
    made = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in made if not path.name.startswith("chunk-")] == ["one.js", "two.js"]
    assert sum(path.read_text("utf-8").count("only once") for path in made) == 1
    assert told == {tmp_path / "node_modules/shared", tmp_path / "node_modules/@some/chart"}


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    entries = packages(tmp_path, {"lonely.js": "export * from 'no-such-package';"})
    with pytest.raises(UserError, match=r"(?s)no-such-package.*npm ci"):
        vendor.bundle(tmp_path / "out", entries)


def test_a_package_without_a_licence_is_not_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(vendor.LIBRARIES / "intl-messageformat", tmp_path / "node_modules/bare")
    (tmp_path / "node_modules/bare/LICENSE.md").unlink()
    with pytest.raises(UserError, match="bare carries no licence"):
        vendor._copy_licences(tmp_path / "licences", [tmp_path / "node_modules/bare"])
