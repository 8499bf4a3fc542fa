"""The loop on a made-up model in NumPy: what it feeds, what it yields, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyscript_app.frame import Frame
from pyscript_app.loop import Settings, generate
from pyscript_app.model import PREVIEWS, Model
from pyscript_app.noise import Generator
from pyscript_app.samplers import SAMPLERS
from pyscript_app.step import COLUMNS, ROWS

LENGTH, SHAPE, SIDES, PICTURE, WIDTH = 77, (4, 8, 8), (8, 4), 16, 5
NOISY = ("euler-ancestral", "lcm", "tcd")
NO_GUIDANCE = np.zeros(1, np.float32)
STEPS = 3
SETTINGS = Settings("a red zeppelin, a boat", "night", seed=7, steps=STEPS, guidance=7.5)


class Tensor:
    """An array that knows whether its memory was given back."""

    def __init__(self, values: np.ndarray) -> None:
        self._values: np.ndarray | None = values

    @property
    def values(self) -> np.ndarray:
        assert self._values is not None, "used after its release"
        return self._values

    def free(self) -> None:
        assert self._values is not None, "released twice"
        self._values = None


class FakeRuntime:
    """Graphs of the right names and shapes; keeps account of the tensors and of what it was fed.

    ``fail_at`` is the number of the call (of run, read or pause, from 0) that raises; ``batch`` is 1 for a model
    without classifier-free guidance.
    """

    def __init__(self, fail_at: int | None = None, *, only: str = "", batch: int = 2) -> None:
        self.batch = batch
        self.held: set[Tensor] = set()
        self.feeds: list[tuple[str, dict[str, np.ndarray]]] = []
        self._calls, self._fail_at, self._only = itertools.count(), fail_at, only

    def _call(self, what: str) -> None:
        if self._only in what and next(self._calls) == self._fail_at:
            raise RuntimeError(f"{what} failed")

    def _make(self, values: np.ndarray) -> Tensor:
        tensor = Tensor(values)
        self.held.add(tensor)
        return tensor

    def tensor(self, data: array | Sequence, shape: tuple[int, ...], dtype: str = "float32") -> Tensor:
        return self._make(np.array(data, dtype).reshape(shape))

    async def run(self, graph: str, feeds: dict[str, Tensor]) -> dict[str, Tensor]:
        arrays = {name: tensor.values.copy() for name, tensor in feeds.items()}
        outputs = getattr(self, graph)(**arrays)
        self._call(f"run {graph}")
        self.feeds.append((graph, arrays))
        await asyncio.sleep(0)
        return {name: self._make(values.astype(np.float32)) for name, values in outputs.items()}

    async def read(self, tensor: Tensor) -> array:
        self._call("read")
        return array("f", tensor.values.tobytes())

    def release(self, *tensors: Tensor) -> None:
        for tensor in tensors:
            tensor.free()
            self.held.remove(tensor)

    async def pause(self) -> None:
        self._call("pause")

    def fed(self, graph: str) -> list[dict[str, np.ndarray]]:
        return [feeds for name, feeds in self.feeds if name == graph]

    def text_encoder(self, input_ids: np.ndarray) -> dict[str, np.ndarray]:
        assert (input_ids.shape, input_ids.dtype) == ((self.batch, LENGTH), np.int32)
        return {"text": np.sin(input_ids[..., None] * np.arange(1.0, 1 + WIDTH))}

    def unet(
        self,
        latents: np.ndarray,
        timestep: np.ndarray,
        text: np.ndarray,
        token_gain: np.ndarray,
        guidance: np.ndarray = NO_GUIDANCE,
    ) -> dict[str, np.ndarray]:
        assert (latents.shape, timestep.shape) == ((self.batch, *SHAPE), (1,))
        assert (text.shape, token_gain.shape) == ((self.batch, LENGTH, WIDTH), (1, LENGTH))
        assert (guidance.shape, guidance.dtype) == ((1,), np.float32)
        np.testing.assert_array_equal(latents[0], latents[-1])
        heard = text.mean((1, 2)).reshape(self.batch, 1, 1, 1)
        outputs = {"output": np.tanh(latents + heard + timestep / 1000 + guidance / 10)}
        for side in SIDES:
            loudness = np.cos(text[-1].sum(1)[:, None] + np.arange(side * side)) * token_gain.T
            outputs[f"attention_{side}"] = loudness.reshape(LENGTH, side, side)
        return outputs

    def step(
        self,
        latent: np.ndarray,
        output: np.ndarray,
        noise: np.ndarray,
        history: np.ndarray,
        coefficients: np.ndarray,
    ) -> dict[str, np.ndarray]:
        assert (latent.shape, noise.shape, history.shape) == ((1, *SHAPE), (1, *SHAPE), (3, *SHAPE))
        assert output.shape == (self.batch, *SHAPE)
        columns = np.concatenate(
            [latent, np.resize(output, (2, *SHAPE)), noise, history, np.zeros_like(latent)]
        )
        assert coefficients.shape == (len(ROWS), len(COLUMNS))
        rows = np.tensordot(coefficients, columns, 1)
        names = ("next_latent", "latents", "x0", "eps_uncond", "eps_cond", "eps")
        parts = {name: rows[i : i + 1] for i, name in enumerate(names)}
        return {**parts, "latents": np.repeat(rows[1:2], self.batch, 0), "next_history": rows[6:9]}

    @staticmethod
    def attention(
        words: np.ndarray, total: np.ndarray, count: np.ndarray, **sides: np.ndarray
    ) -> dict[str, np.ndarray]:
        assert sides.keys() == {f"attention_{side}" for side in SIDES}
        assert (words.shape, count.shape) == ((LENGTH, LENGTH), (1,))
        largest = max(SIDES)
        assert total.shape == (LENGTH, largest, largest)
        now = np.zeros_like(total)
        for maps in sides.values():
            now += np.kron(maps, np.ones((1, largest // maps.shape[-1], largest // maps.shape[-1])))
        maps, means = (np.tensordot(words, each, 1) for each in (now, (total + now) / count))
        return {"maps": maps, "mean_maps": means, "next_total": total + now, "shares": maps.mean((1, 2))}

    @staticmethod
    def vae_decoder(latent: np.ndarray) -> dict[str, np.ndarray]:
        assert latent.shape == (1, *SHAPE)
        grey = np.kron(latent.mean((0, 1)), np.ones((2, 2)))
        return {"picture": np.repeat(grey[..., None], 4, -1)}

    @classmethod
    def preview_decoder(cls, latent: np.ndarray) -> dict[str, np.ndarray]:
        return {"picture": cls.vae_decoder(latent)["picture"] + 1}

    @classmethod
    def latent_rgb(cls, latent: np.ndarray) -> dict[str, np.ndarray]:
        return {"picture": cls.vae_decoder(latent)["picture"] + 2}


@pytest.fixture(scope="module")
def model(tiny_tokenizer: Path) -> Model:
    return make_model(tiny_tokenizer)


@pytest.fixture(scope="module")
def models(tiny_tokenizer: Path) -> Callable[..., Model]:
    return lambda **wishes: make_model(tiny_tokenizer, **wishes)


def make_model(folder: Path, **wishes: Any) -> Model:
    vocab, merges = ((folder / name).read_text("utf-8") for name in ("vocab.json", "merges.txt"))
    return Model(make_manifest(vocab, **wishes), vocab, merges)


def make_manifest(
    vocab: str,
    guidance: str = "classifier-free",
    graphs: Sequence[str] = tuple(PREVIEWS.values()),
    **scheduler: Any,
) -> dict[str, Any]:
    ids = json.loads(vocab)
    return {
        "guidance": guidance,
        "graphs": dict.fromkeys(graphs),
        "latent": dict(zip(("channels", "height", "width"), SHAPE, strict=True)),
        "attention": [{"side": side, "layers": 1, "output": f"attention_{side}"} for side in SIDES],
        "scheduler": {"_class_name": "DDIMScheduler", "beta_schedule": "scaled_linear", **scheduler},
        "tokenizer": {
            "bos": ids["<|startoftext|>"],
            "eos": ids["<|endoftext|>"],
            "pad": ids["<|endoftext|>"],
            "length": LENGTH,
            "known_words": None,
        },
    }


def collect(
    settings: Settings, model: Model, runtime: FakeRuntime | None = None, most: int | None = None
) -> list[Frame]:
    """The frames of a run, which is closed after ``most`` of them; whatever happens, nothing is left behind."""
    runtime = runtime or FakeRuntime()

    async def run() -> list[Frame]:
        frames: list[Frame] = []
        source = generate(settings, model, runtime)
        try:
            while len(frames) != most:
                frames.append(await anext(source))
        except StopAsyncIteration:
            pass
        finally:
            await source.aclose()
        return frames

    try:
        return asyncio.run(run())
    finally:
        assert not runtime.held, f"{len(runtime.held)} tensors were left behind"


# Frames


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_frames_carry_arrays_of_the_promised_sizes(model: Model, sampler: str) -> None:
    frames = collect(replace(SETTINGS, sampler=sampler), model)
    assert [frame.step for frame in frames] == list(range(1, 1 + frames[0].steps))
    for frame in frames:
        for name in ("latent_in", "latent", "x0", "eps_uncond", "eps_cond", "eps"):
            assert len(getattr(frame, name)) == math.prod(SHAPE), name
        assert {side: len(values) for side, values in frame.attention.items()} == {
            side: LENGTH * side * side for side in SIDES
        }
        area = len(frame.words) * max(SIDES) ** 2
        assert (len(frame.maps), len(frame.mean_maps)) == (area, area)
        assert len(frame.picture) == PICTURE * PICTURE * 4
        assert frame.noise_share == pytest.approx(frame.sigma / math.hypot(frame.sigma, 1))
        assert 0 <= frame.timestep < 1000
    for before, after in itertools.pairwise(frames):
        assert after.latent_in == before.latent
        assert after.timestep <= before.timestep


def test_words_are_the_prompt_s_with_their_tokens(model: Model) -> None:
    (frame, *_) = collect(SETTINGS, model)
    assert [word.text for word in frame.words] == ["a", "red", "zeppelin", ",", "a", "boat"]
    slots = [slot for word in frame.words for slot in word.tokens]
    assert slots == list(range(1, 1 + len(slots)))
    # In the made-up attention graph a word's share is the mean of its map.
    maps = np.asarray(frame.maps).reshape(len(frame.words), -1)
    assert [word.share for word in frame.words] == pytest.approx(maps.mean(1), abs=1e-6)


def test_mean_maps_are_the_mean_of_the_steps(model: Model) -> None:
    frames = collect(replace(SETTINGS, gains={"red": 2}), model)
    for i, frame in enumerate(frames, 1):
        mean = np.mean([earlier.maps for earlier in frames[:i]], 0)
        np.testing.assert_allclose(frame.mean_maps, mean, atol=1e-5)


def test_the_empty_prompt_has_no_words(model: Model) -> None:
    (frame, *_) = collect(replace(SETTINGS, prompt=""), model)
    assert (frame.words, len(frame.maps), len(frame.mean_maps)) == ((), 0, 0)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_step_s_picture_is_its_x0_and_the_last_one_the_result(model: Model, sampler: str) -> None:
    frames = collect(replace(SETTINGS, sampler=sampler), model)
    for frame in frames:
        shown = frame.latent if frame is frames[-1] else frame.x0
        decoded = FakeRuntime.vae_decoder(np.reshape(shown, (1, *SHAPE)))["picture"]
        np.testing.assert_allclose(frame.picture, decoded.ravel(), rtol=1e-6)
    # The two differ, or the above would say nothing.
    assert frames[0].latent != frames[0].x0


def test_timings_are_the_clock_s_milliseconds(model: Model) -> None:
    seconds = itertools.count()

    async def run() -> list[Frame]:
        return [frame async for frame in generate(SETTINGS, model, FakeRuntime(), lambda: next(seconds))]

    for frame in asyncio.run(run()):
        ms = frame.ms
        assert (ms.unet, ms.step, ms.attention, ms.decode) == (1000, 1000, 1000, 1000)


# What the graphs are fed


def test_both_prompts_are_encoded_the_negative_one_first(model: Model) -> None:
    runtime = FakeRuntime()
    collect(SETTINGS, model, runtime)
    (feeds,) = runtime.fed("text_encoder")
    encode = model.tokenizer.encode
    assert feeds["input_ids"].tolist() == [encode(SETTINGS.negative), encode(SETTINGS.prompt)]


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_guidance_0_and_1_are_one_prediction_exactly(
    models: Callable[..., Model], sampler: str, prediction_type: str
) -> None:
    model = models(prediction_type=prediction_type)
    for guidance, half, other in ((0, "eps_uncond", "eps_cond"), (1, "eps_cond", "eps_uncond")):
        for frame in collect(replace(SETTINGS, sampler=sampler, guidance=guidance), model):
            assert frame.eps == getattr(frame, half)
            assert frame.eps != getattr(frame, other)


def test_gains_reach_the_unet(model: Model) -> None:
    runtime = FakeRuntime()
    frames = collect(replace(SETTINGS, gains={"a": 0.5, "Zeppelin": 2}), model, runtime)
    expected = np.ones((1, LENGTH), np.float32)
    for word in frames[0].words:
        expected[0, list(word.tokens)] = {"a": 0.5, "zeppelin": 2}.get(word.text, 1)
    assert len(runtime.fed("unet")) == STEPS
    for feeds in runtime.fed("unet"):
        np.testing.assert_array_equal(feeds["token_gain"], expected)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_first_latent_is_the_seed_s_noise_and_its_scaled_form_is_fed(model: Model, sampler: str) -> None:
    runtime = FakeRuntime()
    frames = collect(replace(SETTINGS, sampler=sampler), model, runtime)
    noise = np.asarray(Generator(SETTINGS.seed).randn(math.prod(SHAPE)))
    scale = np.asarray(frames[0].latent_in) / noise
    np.testing.assert_allclose(scale, scale[0], rtol=1e-5)
    for frame, feeds in zip(frames, runtime.fed("unet"), strict=True):
        counts_in_noise_levels = sampler.startswith("euler")
        shrunk = 1 / math.hypot(frame.sigma, 1) if counts_in_noise_levels else 1
        expected = np.reshape(frame.latent_in, SHAPE) * shrunk
        np.testing.assert_allclose(feeds["latents"][1], expected, rtol=1e-4, atol=1e-5)
        assert feeds["timestep"] == pytest.approx(frame.timestep)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_fresh_noise_is_drawn_only_by_samplers_that_add_it(model: Model, sampler: str) -> None:
    runtime = FakeRuntime()
    frames = collect(replace(SETTINGS, sampler=sampler), model, runtime)
    assert ("noise" in frames[0].update) == (sampler in NOISY)
    random, n = Generator(SETTINGS.seed), math.prod(SHAPE)
    random.randn(n)  # the first latent
    for frame, feeds in zip(frames, runtime.fed("step"), strict=True):
        expected = random.randn(n) if "noise" in frame.update else np.zeros(n, np.float32)
        np.testing.assert_array_equal(feeds["noise"].ravel(), expected)


def test_a_seed_decides_the_run(model: Model) -> None:
    runs = [collect(replace(SETTINGS, seed=seed), model)[-1].latent for seed in (7, 7, 8)]
    assert runs[0] == runs[1] != runs[2]


# Guidance that is none of the loop's business


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("guidance", ["embedded", "none"])
def test_a_model_that_guides_itself_runs_once_a_step(
    models: Callable[..., Model], guidance: str, sampler: str
) -> None:
    model, runtime = models(guidance=guidance), FakeRuntime(batch=1)
    frames = collect(replace(SETTINGS, sampler=sampler), model, runtime)
    (feeds,) = runtime.fed("text_encoder")
    assert feeds["input_ids"].tolist() == [model.tokenizer.encode(SETTINGS.prompt)]
    assert len(runtime.fed("unet")) == len(frames)
    for frame in frames:
        assert frame.eps_uncond == frame.eps_cond == frame.eps


def test_the_strength_is_told_to_models_with_embedded_guidance(models: Callable[..., Model]) -> None:
    runtime = FakeRuntime(batch=1)
    strong = collect(SETTINGS, models(guidance="embedded"), runtime)
    assert [feeds["guidance"].tolist() for feeds in runtime.fed("unet")] == [[SETTINGS.guidance - 1]] * STEPS
    weak = collect(replace(SETTINGS, guidance=1), models(guidance="embedded"), FakeRuntime(batch=1))
    assert strong[0].eps != weak[0].eps


@pytest.mark.parametrize("guidance", ["classifier-free", "none"])
def test_other_models_know_no_such_input(models: Callable[..., Model], guidance: str) -> None:
    runtime = FakeRuntime(batch=2 if guidance == "classifier-free" else 1)
    collect(SETTINGS, models(guidance=guidance), runtime)
    assert all("guidance" not in feeds for feeds in runtime.fed("unet"))


def test_without_guidance_its_strength_changes_nothing(models: Callable[..., Model]) -> None:
    runs = [
        collect(replace(SETTINGS, guidance=guidance), models(guidance="none"), FakeRuntime(batch=1))
        for guidance in (0, 1, 7.5)
    ]
    assert runs[0][-1].latent == runs[1][-1].latent == runs[2][-1].latent


def test_a_manifest_that_is_silent_means_classifier_free(tiny_tokenizer: Path) -> None:
    vocab, merges = ((tiny_tokenizer / name).read_text("utf-8") for name in ("vocab.json", "merges.txt"))
    silent = {name: part for name, part in make_manifest(vocab).items() if name != "guidance"}
    assert (Model(silent, vocab, merges).guidance, Model(silent, vocab, merges).batch) == (
        "classifier-free",
        2,
    )


# Previews

FULL, TINY, LINEAR = PREVIEWS.values()


@pytest.mark.parametrize(
    ("wishes", "painters"),
    [
        ({}, [FULL] * 5),
        ({"preview": "tiny"}, [TINY] * 4 + [FULL]),
        ({"preview": "linear"}, [LINEAR] * 4 + [FULL]),
        ({"preview": "tiny", "every": 2}, [TINY] * 4 + [FULL]),
        ({"every": 2}, [LINEAR, FULL, LINEAR, FULL, FULL]),
        ({"every": 9}, [LINEAR] * 4 + [FULL]),
        ({"every": 2, "steps": 1}, [FULL]),
        ({"preview": "linear", "steps": 1}, [FULL]),
    ],
    ids=str,
)
def test_previews_draw_what_comes_before_the_result(
    model: Model, wishes: dict[str, Any], painters: list[str]
) -> None:
    runtime = FakeRuntime()
    frames = collect(replace(SETTINGS, **{"steps": 5} | wishes), model, runtime)
    assert [frame.drawn_by for frame in frames] == painters
    assert [graph for graph, _ in runtime.feeds if graph in PREVIEWS.values()] == painters
    for frame in frames:
        shown = frame.latent if frame is frames[-1] else frame.x0
        drawn = getattr(FakeRuntime, frame.drawn_by)(np.reshape(shown, (1, *SHAPE)))["picture"]
        np.testing.assert_allclose(frame.picture, drawn.ravel(), rtol=1e-5)


def test_previews_change_the_pictures_alone(model: Model) -> None:
    whole, quick = (collect(replace(SETTINGS, preview=preview), model) for preview in ("full", "linear"))
    for one, other in zip(whole, quick, strict=True):
        assert (one.latent, one.x0, one.maps) == (other.latent, other.x0, other.maps)
    assert (whole[-1].picture, whole[0].picture != quick[0].picture) == (quick[-1].picture, True)


def test_between_full_pictures_stands_the_cheapest_that_there_is(models: Callable[..., Model]) -> None:
    frames = collect(replace(SETTINGS, every=2), models(graphs=[FULL, TINY]))
    assert [frame.drawn_by for frame in frames] == [TINY, FULL, FULL]


@pytest.mark.parametrize(
    ("wishes", "graphs", "sentence"),
    [
        (
            {"preview": "tiny"},
            [FULL, LINEAR],
            "exported without the preview 'tiny'; choose one of full, linear.$",
        ),
        ({"preview": "linear"}, [FULL], "exported without the preview 'linear'; choose one of full.$"),
        ({"every": 2}, [FULL], "without a cheaper preview for the steps between; draw every step in full.$"),
    ],
    ids=str,
)
def test_a_preview_that_the_model_lacks_is_refused(
    models: Callable[..., Model], wishes: dict[str, Any], graphs: list[str], sentence: str
) -> None:
    runtime = FakeRuntime()
    with pytest.raises(ValueError, match=f"^The model was .*{sentence}"):
        collect(replace(SETTINGS, **wishes), models(graphs=graphs), runtime)
    assert not runtime.feeds


# Nothing is left behind


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_step_holds_more_than_the_one_before(model: Model, sampler: str) -> None:
    runtime, held = FakeRuntime(), []

    async def run() -> None:
        async for _ in generate(replace(SETTINGS, sampler=sampler), model, runtime):
            held.append(len(runtime.held))

    asyncio.run(run())
    # The text, gains, words and noise of all steps; the latent, its scaled form, history and attention so far.
    assert set(held) == {8}
    assert not runtime.held


@pytest.mark.parametrize("most", range(STEPS + 1))
def test_a_run_closed_early_leaves_nothing(model: Model, most: int) -> None:
    assert len(collect(SETTINGS, model, most=most)) == most


def test_a_cancelled_task_leaves_nothing(model: Model) -> None:
    runtime = FakeRuntime()

    async def draw() -> None:
        async for _ in generate(SETTINGS, model, runtime):
            pass

    async def run() -> None:
        task = asyncio.create_task(draw())
        while len(runtime.feeds) < 4:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.get_running_loop().shutdown_asyncgens()

    asyncio.run(run())
    assert not runtime.held


@pytest.mark.parametrize(
    ("only", "calls"), [("run", 1 + 4 * STEPS), ("read", STEPS * (8 + len(SIDES) + 1)), ("pause", STEPS)]
)
def test_whatever_fails_nothing_is_left_and_the_next_run_is_whole(
    model: Model, only: str, calls: int
) -> None:
    whole = [replace(frame, ms=None) for frame in collect(SETTINGS, model)]
    for fail_at in range(calls):
        runtime = FakeRuntime(fail_at, only=only)
        with pytest.raises(RuntimeError, match=f"{only}.* failed"):
            collect(SETTINGS, model, runtime)
        # The same runtime, which fails but once.
        assert [replace(frame, ms=None) for frame in collect(SETTINGS, model, runtime)] == whole
    # One call later there is nothing left to fail.
    assert len(collect(SETTINGS, model, FakeRuntime(calls, only=only))) == STEPS


# What cannot be drawn with


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"prompt": None}, "^The prompt must be text of at most 10000 letters, not None.$"),
        (
            {"prompt": "car " * 4000},
            r"^The prompt must be text of at most 10000 letters, not 'car [car ]+…\.$",
        ),
        ({"negative": 3}, "^The negative prompt must be text of at most 10000 letters, not 3.$"),
        ({"guidance": math.nan}, "^The guidance must be a number from 0 to 100, not nan.$"),
        ({"guidance": math.inf}, "^The guidance must be a number from 0 to 100, not inf.$"),
        ({"guidance": -0.5}, "^The guidance must be a number from 0 to 100, not -0.5.$"),
        ({"guidance": "7"}, "^The guidance must be a number from 0 to 100, not '7'.$"),
        ({"guidance": True}, "^The guidance must be a number from 0 to 100, not True.$"),
        ({"gains": ["red"]}, r"^The gains must map at most 75 words .* to factors, not be \['red'\].$"),
        ({"gains": {"green": 2}}, "^The word 'green' is not in the prompt"),
        ({"gains": {"red": -1}}, "^The strength of 'red' must be a number from 0 to 10, not -1.$"),
        ({"gains": {"red": math.nan}}, "^The strength of 'red' must be a number from 0 to 10, not nan.$"),
        ({"seed": -1}, "^The seed must be a whole number from 0 to 9007199254740991, not -1.$"),
        ({"seed": 1.5}, "^The seed must be a whole number from 0 to "),
        ({"steps": 10**9}, "^The number of steps must be a whole number from 1 to 1000, not 1000000000.$"),
        ({"steps": 0}, "^The number of steps must be a whole number from 1 to 1000, not 0.$"),
        ({"steps": 2.5}, "^The number of steps must be a whole number from 1 to 1000, not 2.5.$"),
        ({"preview": "half"}, "^There is no preview 'half'; choose one of full, tiny, linear.$"),
        ({"every": 0}, "every must be a whole number from 1 to 1000, not 0.$"),
        ({"every": 1.5}, "every must be a whole number from 1 to 1000, not 1.5.$"),
        ({"every": True}, "every must be a whole number from 1 to 1000, not True.$"),
        ({"sampler": "magic"}, "^There is no sampler 'magic'; choose one of ddim, euler, "),
    ],
    ids=str,
)
def test_a_bad_setting_gives_a_sentence_before_anything_runs(
    model: Model, wishes: dict[str, Any], sentence: str
) -> None:
    runtime = FakeRuntime()
    with pytest.raises(ValueError, match=sentence):
        collect(replace(SETTINGS, **wishes), model, runtime)
    assert not runtime.feeds


@pytest.mark.parametrize("sampler", ["ddim", "lcm", "tcd"])
def test_pure_noise_shows_no_epsilon(models: Callable[..., Model], sampler: str) -> None:
    model, runtime = models(rescale_betas_zero_snr=True, timestep_spacing="trailing"), FakeRuntime()
    with pytest.raises(ValueError, match="predicts epsilon cannot start from pure noise"):
        collect(replace(SETTINGS, sampler=sampler), model, runtime)
    assert not runtime.feeds
