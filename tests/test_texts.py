"""Every text that the page can ask for is in every language file, and none lies there unused."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyscript_app.activities.causes import ORIGINAL
from pyscript_app.activities.gallery import VARIED
from pyscript_app.causes import GROUP_VERDICTS, GROUPS, LEAKS, VERDICTS, WAYS
from pyscript_app.model import PREVIEWS
from pyscript_app.refusal import sentences
from pyscript_app.samplers import SAMPLERS, plan
from pyscript_app.schedule import Schedule
from pyscript_app.spacing import NAMES as SPACINGS

WEB = Path(__file__).parent.parent / "web"
LANGUAGES = sorted(WEB.glob("text/*.json"))
CODE = {file.relative_to(WEB).as_posix(): file.read_text("utf-8") for file in sorted(WEB.rglob("*.js"))}
BACKEND = (WEB.parent / "pyscript_app" / "browser" / "backend.py").read_text("utf-8")
TYPES = (WEB / "types.d.ts").read_text("utf-8")
INKS = json.loads((WEB / "views/ask/inks.json").read_text("utf-8"))
# Texts by key on stdin -> of each the values and the tags that it names, or what is wrong with its form.
READ = """
import { IntlMessageFormat } from "intl-messageformat";
const read = (parts, found) => {
  for (const { type, value, options, children } of parts) {
    if (type === 8) found.tags.push(value);
    else if (type >= 1 && type <= 6) found.values.push(value);
    for (const { value: inner } of Object.values(options ?? {})) read(inner, found);
    read(children ?? [], found);
  }
  return found;
};
const said = {};
for (const [key, text] of Object.entries(JSON.parse(process.argv[1]))) {
  try {
    said[key] = read(new IntlMessageFormat(text, "en").getAst(), { values: [], tags: [] });
  } catch (error) {
    said[key] = { wrong: String(error) };
  }
}
console.log(JSON.stringify(said));
"""


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
    said = re.search(rf"\b{field}(?:\??:| =)((?:\s*\|?\s*\"[\w-]*\")+)", TYPES)
    assert said, field
    return [name for name in re.findall(r'"([\w-]*)"', said[1]) if name]


def listed(file: str, name: str) -> list[str]:
    """The strings of a list that a view goes through."""
    said = re.search(rf"\b{name}\b[^=\n]*= [^\[\n]*\[([^\]]*)\]", CODE[file])
    assert said, (file, name)
    return re.findall(r'"([\w+-]+)"', said[1])


PARTS = {name: number for number, name in enumerate(listed("state/parts.js", "PARTS"), 1)}
LENSES = listed("state/lenses.js", "LENSES")
ANSWERS = ["epsilon", "v_prediction"]  # of a UNet
# What stands for the blank of a key that is put together, in the order of the blanks.
COMPUTED: dict[str, list | set | dict | range] = {
    "action.{}": ["pause", "resume", "cancel"],
    "gallery.{}": ["drawing", "paused", "cancelled", "failed", "finished"],
    "gallery.as.{}": listed("rooms/gallery/tiles.js", "SIDES"),
    "gallery.letter.{}": listed("rooms/gallery/tiles.js", "SIDES"),
    "gallery.of.{}": VARIED,
    "gallery.tile.{}": ["coming", "going", "finished", "refused"],
    "gallery.title.{}": VARIED,
    "term.{}": terms(),
    "trouble.{}": union("code"),
    "refusal.{}": {
        *sentences(),
        *re.findall(
            r'(?:\breason: |\bunusable\(|new DownloadError\("[\w-]+", )"([\w-]+)"', "".join(CODE.values())
        ),
    },
    "note.{}": set(re.findall(r'\bnote\("([\w-]+)"', BACKEND)),
    "sampler.{}": SAMPLERS,
    "sampler.{}.why": SAMPLERS,
    "spacing.{}": SPACINGS,
    "spacing.{}.why": SPACINGS,
    "preview.{}": PREVIEWS,
    "preview.{}.why": PREVIEWS,
    "part.{}": set(PARTS.values()),
    "part.{}.lead": set(PARTS.values()) - {PARTS["unet"]},
    "part.{}.lead.{}": [(PARTS["unet"], answer) for answer in ANSWERS],
    "part.{}.once": [PARTS["guidance"]],
    "loop.unet.{}": ANSWERS,
    "key.{}": listed("views/head/head.js", "KEYS"),
    "key.{}.does": listed("views/head/head.js", "KEYS"),
    "engine.attention.{}": union("selfAttention"),
    "plate.guidance{}": ["", *(f".{kind}" for kind in union("guidance") if kind != "classifier-free")],
    "loading.stage.{}": listed("views/side/loading.js", "STAGES"),
    "loading.{}.title": ["asking", "failed", "ready", "recorded", "starting"],
    "loading.{}": ["asking", "failed", "ready", "recorded", "starting"],
    "room.{}": union("why"),
    "setting.{}": [
        "seed",
        "steps",
        "guidance",
        "sampler",
        "spacing",
        "preview",
        "avoid",
        "gains",
        "slots",
        "start",
    ],
    "compare.{}": ["a", "b"],
    "compare.kind.{}": ["prompt", "word"],
    "start.{}": ["noise", "picture"],
    "start.{}.why": ["noise", "picture"],
    "start.of.{}": union("kind"),
    "ink.{}": [name for inks in INKS.values() for name in inks],
    "brush.{}": ["fine", "broad", "large"],
    "scribble.{}": ["all", "half"],
    "setting.{}.field": ["steps", "guidance"],
    "{}.wrong": ["steps", "guidance"],
    "{}.why": ["steps", "guidance"],
    "touching.{}": listed("paint/touched.js", "TOOLS"),
    "touching.{}.how": listed("paint/touched.js", "TOOLS"),
    "switching.{}": ["prompt", "negative", "guidance", "sampler", "seed"],
    "trial.{}": [ORIGINAL, *WAYS, *GROUPS],
    "trial.{}.why": [ORIGINAL, *WAYS, *GROUPS],
    "trial.title.{}": ["word", "all"],
    "verdict.{}": VERDICTS,
    "verdict.all.{}": GROUP_VERDICTS,
    "leak.{}": LEAKS,
    "table.{}": ["word", "share", "inside", "where"],
    "where.{}{}": [f"{y}{x}" for y in range(3) for x in range(3)],
    "device.{}": ["room", "memory", "graphics", "processor"],
    "picture.{}": ["none", "finished", *LENSES],
    "picture.{}.name": LENSES,
    "picture.by.{}": set(PREVIEWS.values()) - {"vae_decoder"},
    "picture.by.{}.error": ["latent_rgb"],
    "lens.{}": LENSES,
    "lens.{}.why": LENSES,
    "strip.frame.{}": ["held", "foreseen"],
    "strip.{}": ["first", "back", "next"],
    "pace.{}": union("Pace"),
    "pace.{}.why": union("Pace"),
}


def calls() -> Iterator[tuple[str, str, str, str]]:
    """Each call for a text: its file, the function, and the code of its first argument and of the others."""
    for file, code in CODE.items():
        for call in re.finditer(r"(?<!\w)(?<![^.]\.)(?<!function )(t|rich|has)\(", code):
            depth, quote, comma = 0, "", 0
            for place in range(call.end(), len(code)):
                letter = code[place]
                if quote:
                    quote = "" if letter == quote else quote
                elif letter in "\"`'":
                    quote = letter
                elif depth == 0 and letter == ")":
                    break
                elif depth == 0 and letter == ",":
                    comma = comma or place
                else:
                    depth += (letter in "([{") - (letter in ")]}")
            comma = comma or place
            yield file, call[1], code[call.end() : comma].strip(), code[comma + 1 : place].strip(" \n,")


def arguments() -> Iterator[tuple[str, str]]:
    """Each call for a text: its file, and the code of its first argument."""
    return ((file, first) for file, _, first, _ in calls())


def asked(by: Iterable[tuple[str, str]] | None = None) -> dict[str, str]:
    """Every key that code, or that these calls can ask for, and the file that asks."""
    keys = {}
    for file, argument in by or arguments():
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
            for value in COMPUTED[blank]:
                values = value if isinstance(value, tuple) else (value,)
                keys[blank.replace("{}{}", "{}").format(*values)] = file
    return keys


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda file: file.stem)
def test_every_text_that_code_can_ask_for_is_there_and_none_is_left_over(language: Path) -> None:
    texts = json.loads(language.read_text("utf-8"))
    keys = asked()
    assert len(keys) > 200, "the calls were not found"

    assert {key: file for key, file in keys.items() if key not in texts} == {}
    assert sorted(texts.keys() - keys.keys()) == []


def read(texts: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What the page's own reader finds in each text: ``{values, tags}``, or ``{wrong}``."""
    command = ["node", "--input-type=module", "--eval", READ, json.dumps(texts)]
    done = subprocess.run(command, cwd=WEB.parent, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def given(values: str) -> set[str]:
    """The names in a call's object of values; ``{}`` is none."""
    inner, depth, names = values.strip()[1:-1], 0, [""]
    for letter in inner:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            names.append("")
        else:
            names[-1] += letter
    return {name.split(":")[0].strip() for name in names} - {""}


# What stands for the values that a call has from elsewhere.
ELSEWHERE = {
    "": "{}",
    "limits": "{ min, max }",
    "at": "{ step, steps }",
    "facts()": "{ step, steps, count, before, word, noise }",
}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda file: file.stem)
def test_every_text_can_be_read_and_asks_for_values_that_its_callers_give(language: Path) -> None:
    found = read(json.loads(language.read_text("utf-8")))
    assert {key: said["wrong"] for key, said in found.items() if "wrong" in said} == {}
    english = read(json.loads((WEB / "text" / "en.json").read_text("utf-8")))
    for file, function, first, values in calls():
        if function == "has":
            continue
        for key in asked([(file, first)]):
            # Of a refusal's values, another language has those of the English.
            refused = values.endswith(".values")
            names = set(english[key]["values"]) if refused else given(ELSEWHERE.get(values, values))
            assert set(found[key]["values"]) <= names, (file, key)
            assert set(found[key]["tags"]) <= ({"em", "strong"} if function == "rich" else set()), (file, key)
    # An apostrophe before a brace would make a value plain text.
    for code, sentence in sentences().items():
        assert set(found[f"refusal.{code}"]["values"]) == set(re.findall(r"\{(\w+)\}", sentence)), code


def test_every_computed_key_is_still_asked_for() -> None:
    forms = {
        re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "{}", form)
        for _, argument in arguments()
        for form in re.findall(r"`([^`]*)`", argument)
    }
    assert sorted(COMPUTED.keys() - forms) == []
