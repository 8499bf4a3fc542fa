"""What a folder says about itself, and what is guessed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from export.checkpoint.about import read_about
from export.checkpoint.checkpoint import read_index
from export.checkpoint.pipeline import load_pipeline
from export.format.errors import UserError


@pytest.fixture
def folder(tiny_pipeline: Callable[..., Path], tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tiny_pipeline(), tmp_path / "My Model"))


def test_what_the_folder_says_about_itself(folder: Path) -> None:
    about = load_pipeline(folder).about
    assert (about.name, about.title, about.licence) == ("my-model", "My Model", "not stated")
    assert about.known_words is None
    assert about.defaults.sampler == "ddim"
    (folder / "README.md").write_text("---\ntags: [x]\nlicense: openrail\n---\n# A model\n")
    (folder / "tokenizer" / "known_words.json").write_text('["red", "car"]')
    (folder / "tokenizer" / "synonyms.json").write_text('{"lorry": ["car"]}')
    (folder / "diffuscope.json").write_text(
        '{"title": "Cars", "defaults": {"prompt": "a red car", "steps": 9}}'
    )
    about = load_pipeline(folder).about
    assert (about.title, about.licence) == ("Cars", "openrail")
    assert (about.known_words, about.synonyms) == (("red", "car"), {"lorry": ["car"]})
    assert (about.defaults.prompt, about.defaults.steps, about.defaults.sampler) == ("a red car", 9, "ddim")
    (folder / "diffuscope.json").write_text('{"colour": "red"}')
    with pytest.raises(UserError, match=r"diffuscope\.json"):
        load_pipeline(folder)


def test_a_folders_own_defaults_win_over_its_architectures(folder: Path) -> None:
    index, defaults = read_index(folder), {"steps": 4, "sampler": "euler"}
    assert read_about(folder, index).defaults.steps == 20
    said = read_about(folder, index, defaults).defaults
    assert (said.steps, said.sampler) == (4, "euler")
    (folder / "diffuscope.json").write_text('{"defaults": {"steps": 2}}')
    said = read_about(folder, index, defaults).defaults
    assert (said.steps, said.sampler) == (2, "euler")


def test_a_model_in_the_hubs_cache_has_its_name(folder: Path, tmp_path: Path) -> None:
    cached = (
        tmp_path / "models--stabilityai--sd-turbo" / "snapshots" / "b261bac6fd2cf515557d5d0707481eafa0485ec2"
    )
    shutil.copytree(folder, cached)
    about = read_about(cached, read_index(cached))
    assert (about.name, about.title) == ("sd-turbo", "sd-turbo")
