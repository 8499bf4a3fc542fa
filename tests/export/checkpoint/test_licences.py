"""Licences are read from where the hub's repositories state them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from export.checkpoint.licences import check_licence, licence_of, terms_of
from export.checkpoint.pipeline import load_pipeline, with_about
from export.format.errors import UserError
from tests.export.checkpoints import save_single_file


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        ({}, "not stated"),
        ({"README.md": "# A model"}, "not stated"),
        ({"README.md": "---\ntags: [x]\nlicense: openrail\n---\n# A model\n"}, "openrail"),
        ({"README.md": "---\nlicense: 'mit'\n---\n"}, "mit"),
        ({"README.md": "---\nlicense: other\nlicense_name: sai-nc-community\n---\n"}, "sai-nc-community"),
        ({"README.md": "---\nlicense: other\n---\n"}, "not stated"),
        ({"README.md": "# license: mit is not in the front matter"}, "not stated"),
        (
            {"README.md": "---\nlicense: other\n---\n", "LICENSE": "CreativeML Open RAIL++-M License"},
            "openrail++",
        ),
        ({"LICENSE.md": "                                 Apache License\n Version 2.0"}, "apache-2.0"),
        ({"LICENSE.txt": "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0"}, "cc-by-nc-nd-4.0"),
        ({"LICENSE": "Ask us."}, "not stated"),
    ],
)
def test_where_a_licence_is_stated(tmp_path: Path, files: dict[str, str], licence: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert licence_of(tmp_path) == licence


@pytest.mark.parametrize(
    ("licence", "terms"),
    [
        ("MIT", ""),
        ("creativeml-openrail-m", "attachment A"),
        ("sai-nc-community", "Non-commercial use only."),
        ("cc-by-nc-4.0", "Non-commercial use only."),
        ("cc-by-nc-nd-4.0", "nothing made of it"),
        ("not stated", "not stated: ask its makers"),
        ("Our own", ""),
    ],
)
def test_what_a_licence_restricts(licence: str, terms: str) -> None:
    assert (terms in terms_of(licence)) if terms else (not terms_of(licence))


def test_an_export_that_the_licence_forbids(tiny_checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for part in tiny_checkpoint("sd1").iterdir():
        (folder / part.name).symlink_to(part)
    (folder / "README.md").unlink()
    (folder / "README.md").write_text("---\nlicense: cc-by-nc-nd-4.0\n---\n")
    with pytest.raises(UserError, match=r"cc-by-nc-nd-4\.0 forbids .* --accept-licence"):
        load_pipeline(folder)
    assert load_pipeline(folder, accept_licence=True).about.licence == "cc-by-nc-nd-4.0"
    check_licence("cc-by-nc-4.0", accepted=False)


def test_a_user_may_name_the_licence(tiny_checkpoint: Callable[[str], Path]) -> None:
    turbo = load_pipeline(tiny_checkpoint("sd-turbo"))
    assert (turbo.about.licence, turbo.about.licence_terms) == (
        "sai-nc-community",
        "Non-commercial use only.",
    )
    assert not with_about(turbo, licence="mit").about.licence_terms


def test_a_single_files_licence(tiny_checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny_checkpoint("sd1")
    file = save_single_file(folder, tmp_path / "My Model.safetensors")
    about = load_pipeline(file, config=folder).about
    assert (about.name, about.title, about.licence) == ("my-model", "My Model", "not stated")
    save_file(load_file(file), file, {"modelspec.license": "CC-BY-NC-4.0"})
    assert load_pipeline(file, config=folder).about.licence_terms == "Non-commercial use only."
