"""What each slot carries: interventions on the text's vectors, with encoders whose doings are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pyscript_app.frame import Frame
from pyscript_app.model import Model
from pyscript_app.refusal import RefusalError
from pyscript_app.slots import PADDING, slot_sources
from tests.pyscript_app.fake import LENGTH, SETTINGS, FakeRuntime, collect

WORDS = ("a", "red", "zeppelin", ",", "boat")
ALL = (*WORDS, PADDING)


class Listening(FakeRuntime):
    """Each slot hears all slots before it, as in CLIP; the plain FakeRuntime's hear none, and no padding differs."""

    def text_encoder(self, input_ids: np.ndarray) -> dict[str, np.ndarray]:
        heard = np.cumsum(np.sin(input_ids * (1.0 + np.arange(LENGTH))), 1)
        return {"text": np.sin(heard[..., None] * np.arange(1.0, 6))}


def draw(model: Model, runtime: FakeRuntime | None = None, **wishes: Any) -> list[Frame]:
    frames = collect(replace(SETTINGS, **wishes), model, runtime or Listening(batch=model.batch))
    return [replace(frame, ms=None) for frame in frames]


def latents(frames: list[Frame]) -> list[Any]:
    return [frame.latent for frame in frames]


def fed_text(model: Model, **wishes: Any) -> np.ndarray:
    """What the network hears of the prompt, [T, d]."""
    runtime = Listening(batch=model.batch)
    draw(model, runtime, **wishes)
    text = runtime.fed("unet")[0]["text"]
    return text[-1]


def slots_of(model: Model, *words: str, prompt: str = SETTINGS.prompt) -> list[int]:
    read = model.tokenizer.read(prompt).words
    return [slot for word in read if word.text in words for slot in word.tokens]


def test_all_alone_is_the_plain_run_bit_for_bit(model: Model) -> None:
    assert draw(model, slots=dict.fromkeys(ALL, "alone")) == draw(model)


@pytest.mark.parametrize("negative", ["", "night"])
def test_all_cut_is_the_empty_prompt(model: Model, negative: str) -> None:
    cut = draw(model, slots=dict.fromkeys(ALL, "cut"), negative=negative)
    assert latents(cut) == latents(draw(model, prompt="", negative=negative))
    assert latents(cut) != latents(draw(model, negative=negative))
    assert [word.text for word in cut[0].words] == ["a", "red", "zeppelin", ",", "a", "boat"]


def test_alone_keeps_the_word_s_slots_and_cleans_all_others(model: Model) -> None:
    plain, clean = fed_text(model), fed_text(model, prompt="")
    mixed = fed_text(model, slots={"Zeppelin": "alone", "red": "alone"})
    kept = slots_of(model, "zeppelin", "red")
    others = [slot for slot in range(LENGTH) if slot not in kept]
    np.testing.assert_array_equal(mixed[kept], plain[kept])
    np.testing.assert_array_equal(mixed[others], clean[others])


def test_cut_cleans_the_word_s_slots_everywhere_and_leaves_what_others_heard(model: Model) -> None:
    plain, clean = fed_text(model), fed_text(model, prompt="")
    mixed = fed_text(model, slots={"a": "cut"})
    cut = slots_of(model, "a")
    assert len(cut) == 2
    others = [slot for slot in range(LENGTH) if slot not in cut]
    np.testing.assert_array_equal(mixed[cut], clean[cut])
    np.testing.assert_array_equal(mixed[others], plain[others])


def test_padding_alone_draws_what_the_padding_has_heard(model: Model) -> None:
    plain, clean = fed_text(model), fed_text(model, prompt="")
    mixed = fed_text(model, slots={PADDING: "alone"})
    words = slots_of(model, *WORDS)
    rest = [slot for slot in range(LENGTH) if slot not in words]
    np.testing.assert_array_equal(mixed[rest], plain[rest])
    np.testing.assert_array_equal(mixed[words], clean[words])
    assert np.abs(plain[rest] - clean[rest]).max() > 0.1


def test_where_the_padding_hears_nothing_padding_alone_draws_nothing(model: Model) -> None:
    """The planted encoder gives a slot the same vector whatever stands before it."""
    deaf = draw(model, FakeRuntime(), slots={PADDING: "alone"})
    assert latents(deaf) == latents(draw(model, FakeRuntime(), prompt=""))
    # And there the words alone are all of the picture; where the padding listens, they are not.
    words = dict.fromkeys(WORDS, "alone")
    assert latents(draw(model, FakeRuntime(), slots=words)) == latents(draw(model, FakeRuntime()))
    assert latents(draw(model, slots=words)) != latents(draw(model))


def test_an_unheard_word_stays_and_the_others_are_as_without_it(model: Model) -> None:
    plain, without = fed_text(model), fed_text(model, prompt="a zeppelin, a boat")
    mixed = fed_text(model, slots={"red": "unheard"})
    (*red,) = slots_of(model, "red")
    before, after = range(red[0]), range(red[-1] + 1, LENGTH)
    np.testing.assert_array_equal(mixed[red], plain[red])
    np.testing.assert_array_equal(mixed[before], plain[before])
    np.testing.assert_array_equal(mixed[after], without[[slot - len(red) for slot in after]])
    assert np.abs(mixed[after] - plain[after]).max() > 0.1


def test_two_unheard_words_do_not_hear_each_other(model: Model) -> None:
    mixed = fed_text(model, slots={"red": "unheard", "boat": "unheard"})
    without_red = fed_text(model, prompt="a zeppelin, a boat")
    shift = len(slots_of(model, "red"))
    boat = slots_of(model, "boat")
    np.testing.assert_array_equal(mixed[boat], without_red[[slot - shift for slot in boat]])


def test_the_end_token_keeps_its_slot_when_a_prompt_is_too_long(model: Model) -> None:
    prompt = "red " + "boat " * 90
    reading = model.tokenizer.read(prompt)
    sources = slot_sources(model.tokenizer, reading, {"red": "unheard"})
    for slot, (ids, place) in enumerate(sources):
        assert ids[place] == reading.ids[slot]


def test_a_deleted_word_is_not_drawn_at_all(model: Model) -> None:
    deleted = draw(model, slots={"a": "deleted"}, gains={"a": 3, "red": 2})
    assert deleted == draw(model, prompt="red zeppelin, boat", gains={"red": 2})


def test_ways_go_together(model: Model) -> None:
    plain, clean = fed_text(model, prompt="red zeppelin, boat"), fed_text(model, prompt="")
    mixed = fed_text(model, slots={"a": "deleted", "red": "alone", "boat": "alone", "Boat": "cut"})
    red = slots_of(model, "red", prompt="red zeppelin, boat")
    others = [slot for slot in range(LENGTH) if slot not in red]
    np.testing.assert_array_equal(mixed[red], plain[red])
    np.testing.assert_array_equal(mixed[others], clean[others])


@pytest.mark.parametrize("guidance", ["embedded", "none"])
def test_models_that_run_once_have_slots_as_well(models: Callable[..., Model], guidance: str) -> None:
    model = models(guidance=guidance)
    assert draw(model, slots=dict.fromkeys(ALL, "alone")) == draw(model)
    assert latents(draw(model, slots=dict.fromkeys(ALL, "cut"))) == latents(draw(model, prompt=""))
    plain, clean = fed_text(model), fed_text(model, prompt="")
    mixed = fed_text(model, slots={"red": "cut"})
    cut = slots_of(model, "red")
    np.testing.assert_array_equal(mixed[cut], clean[cut])
    np.testing.assert_array_equal(np.delete(mixed, cut, 0), np.delete(plain, cut, 0))


def test_the_negative_prompt_is_left_alone(model: Model) -> None:
    runtime = Listening()
    draw(model, runtime, slots={"red": "cut"})
    changed = runtime.fed("unet")[0]["text"]
    runtime = Listening()
    draw(model, runtime)
    np.testing.assert_array_equal(changed[0], runtime.fed("unet")[0]["text"][0])


@pytest.mark.parametrize(
    ("slots", "code"),
    [
        (["red"], "setting-slots"),
        ({"green": "cut"}, "slot-word"),
        ({"red": "loud"}, "setting-slots-each"),
        ({"red": None}, "setting-slots-each"),
        ({PADDING: "deleted"}, "slot-padding"),
        ({PADDING: "unheard"}, "slot-padding"),
    ],
    ids=str,
)
def test_what_cannot_be_done_to_slots_is_refused(model: Model, slots: Any, code: str) -> None:
    runtime = FakeRuntime()
    with pytest.raises(RefusalError) as refused:
        collect(replace(SETTINGS, slots=slots), model, runtime)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")
    assert not runtime.feeds
