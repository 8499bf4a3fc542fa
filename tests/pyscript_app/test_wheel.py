"""The wheel of the loop: all of the package, and nothing else of the project."""

from __future__ import annotations

import email
import tomllib
import zipfile

from tests.conftest import Once
from tests.wheel import ROOT, build_wheel, wheel_in

PACKAGE = ROOT / "pyscript_app"


def test_the_wheel_holds_all_of_the_loop_and_nothing_else(once: Once) -> None:
    wheel = wheel_in(once("wheel", build_wheel))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert wheel.name == f"diffuscope_loop-{version}-py3-none-any.whl"

    with zipfile.ZipFile(wheel) as archive:
        about = f"diffuscope_loop-{version}.dist-info"
        held = {name: archive.read(name) for name in archive.namelist() if not name.startswith(about)}
        metadata = email.message_from_bytes(archive.read(f"{about}/METADATA"))
        assert archive.read(f"{about}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert held == {
        file.relative_to(ROOT).as_posix(): file.read_bytes()
        for file in (*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.json"))
    }
    assert metadata["Requires-Dist"] is None
    # The document and the page in it name the file that is built.
    assert metadata.get_payload().count(wheel.name) == 3
