"""Every text that the page can ask for is in every language file, and none lies there unused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyscript_app.model import PREVIEWS
from pyscript_app.refusal import sentences
from pyscript_app.samplers import SAMPLERS, plan
from pyscript_app.schedule import Schedule

WEB = Path(__file__).parent.parent / "web"
LANGUAGES = sorted(WEB.glob("text/*.json"))
CODE = {file.relative_to(WEB).as_posix(): file.read_text("utf-8") for file in sorted(WEB.rglob("*.js"))}
TYPES = (WEB / "types.d.ts").read_text("utf-8")
PLURALS = ("zero", "one", "two", "few", "many", "other")


def terms() -> set[str]:
    """Everything that a sampler adds up, whatever the model predicts."""
    schedules = [
        Schedule.from_config(
            {"_class_name": "DDIMScheduler", "prediction_type": kind, "original_inference_steps": 50}
        )
        for kind in ("epsilon", "v_prediction")
    ]
    updates = (
        step.update
        for schedule in schedules
        for sampler in SAMPLERS
        for steps in (1, 2, 20)
        for step in plan(sampler, schedule, steps).steps
    )
    return {term for update in updates for term in update}


def union(field: str) -> list[str]:
    """The strings that a field of the page's types may be, the empty one aside."""
    said = re.search(rf"\b{field}\??:((?:\s*\|?\s*\"[\w-]*\")+)", TYPES)
    assert said, field
    return [name for name in re.findall(r'"([\w-]*)"', said[1]) if name]


def listed(file: str, name: str) -> list[str]:
    """The strings of a list that a view goes through."""
    said = re.search(rf"\b{name}\b[^=\n]*= [^\[\n]*\[([^\]]*)\]", CODE[file])
    assert said, (file, name)
    return re.findall(r'"([\w+-]+)"', said[1])


PARTS = range(1, 8)
ANSWERS = ["epsilon", "v_prediction"]  # of a UNet
# What stands for the blank of a key that is put together, in the order of the blanks.
COMPUTED: dict[str, list | set | dict | range] = {
    "term.{}": terms(),
    "trouble.{}": union("code"),
    "refusal.{}": sentences(),
    "sampler.{}": SAMPLERS,
    "sampler.{}.why": SAMPLERS,
    "preview.{}": PREVIEWS,
    "preview.{}.why": PREVIEWS,
    "part.{}": PARTS,
    "part.{}.lead": set(PARTS) - {3},
    "part.3.lead.{}": ANSWERS,
    "loop.unet.{}": ANSWERS,
    "key.{}": listed("views/head/head.js", "KEYS"),
    "key.{}.does": listed("views/head/head.js", "KEYS"),
    "engine.attention.{}": union("selfAttention"),
    "plate.guidance{}": ["", *(f".{kind}" for kind in union("guidance") if kind != "classifier-free")],
    "loading.stage.{}": listed("views/side/loading.js", "STAGES"),
    "loading.{}.title": ["asking", "failed", "ready", "recorded", "starting"],
    "loading.{}": ["asking", "failed", "ready", "recorded", "starting"],
    "loading.part.{}": ["Python"],
    "room.{}": union("why"),
    "setting.{}": ["seed", "steps", "guidance", "sampler", "preview", "avoid"],
    "setting.{}.field": ["steps", "guidance"],
    "{}.wrong": ["steps", "guidance"],
    "{}.why": ["steps", "guidance"],
    "table.{}": ["word", "share", "inside", "where"],
    "where.{}{}": [f"{y}{x}" for y in range(3) for x in range(3)],
    "device.{}": ["room", "memory", "graphics", "processor"],
    "picture.{}": set(PREVIEWS.values()) - {"vae_decoder"},
    "picture.{}.error": ["latent_rgb"],
}


def arguments() -> Iterator[tuple[str, str]]:
    """Each call for a text: its file, and the code of its first argument."""
    for file, code in CODE.items():
        for call in re.finditer(r"(?<!\w)(?<![^.]\.)(?<!function )(?:t|rich|has)\(", code):
            depth, quote = 0, ""
            for place in range(call.end(), len(code)):
                letter = code[place]
                if quote:
                    quote = "" if letter == quote else quote
                elif letter in "\"`'":
                    quote = letter
                elif depth == 0 and letter in ",)":
                    break
                else:
                    depth += (letter in "([{") - (letter in ")]}")
            yield file, code[call.end() : place].strip()


def asked() -> dict[str, str]:
    """Every key that code can ask for, and the file that asks."""
    keys = {}
    for file, argument in arguments():
        # A table of keys, such as WAITING, is read where it stands.
        for name in re.findall(r"\b[A-Z]{3,}\b", re.sub(r'"[^"]*"|`[^`]*`', "", argument)):
            if table := re.search(rf"\b{name} = [{{\[]([^}}\]]*)", CODE[file]):
                keys |= dict.fromkeys(re.findall(r'"([\w-]+(?:\.[\w+-]+)+)"', table[1]), file)
        plain = re.sub(r"`[^`]*`", "", argument)
        compared = re.sub(r'[!=]==\s*"[^"]*"', "", plain)
        keys |= dict.fromkeys(re.findall(r'"([^"]+)"', compared), file)
        for form in re.findall(r"`([^`]*)`", argument):
            blank = re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "{}", form)
            assert blank in COMPUTED, f"{file} asks for {form}: say in COMPUTED what it can be"
            keys |= {blank.replace("{}{}", "{}").format(value): file for value in COMPUTED[blank]}
    return keys


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda file: file.stem)
def test_every_text_that_code_can_ask_for_is_there_and_none_is_left_over(language: Path) -> None:
    texts = json.loads(language.read_text("utf-8"))
    keys = asked()
    assert len(keys) > 200, "the calls were not found"

    def forms(key: str) -> set[str]:
        return {key, *(f"{key}.{form}" for form in PLURALS)} & texts.keys()

    lacking = {key: file for key, file in keys.items() if not forms(key)}
    assert lacking == {}
    # A plural needs the form that stands for all others.
    halves = {key for key in keys if key not in texts and f"{key}.other" not in texts}
    assert halves == set()
    assert sorted(texts.keys() - set().union(*map(forms, keys))) == []


def test_every_computed_key_is_still_asked_for() -> None:
    forms = {
        re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "{}", form)
        for _, argument in arguments()
        for form in re.findall(r"`([^`]*)`", argument)
    }
    assert sorted(COMPUTED.keys() - forms) == []
