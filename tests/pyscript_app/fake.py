"""A made-up model in NumPy for the tests of the loop: its graphs, its manifest, and how to collect its frames."""

from __future__ import annotations

import asyncio
import itertools
import json
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pyscript_app.frame import Frame
from pyscript_app.loop import Settings, Start, State, generate
from pyscript_app.model import PREVIEWS, Model
from pyscript_app.step import COLUMNS, ROWS

LENGTH, SHAPE, SIDES, PICTURE, WIDTH = 77, (4, 8, 8), (8, 4), 16, 5
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

    @staticmethod
    def vae_encoder(picture: np.ndarray) -> dict[str, np.ndarray]:
        assert picture.shape == (1, 3, PICTURE, PICTURE)
        small = picture.reshape(3, SHAPE[1], 2, SHAPE[2], 2).mean((2, 4))
        return {"latent": np.concatenate([small, small[:1]])[None]}

    @classmethod
    def preview_decoder(cls, latent: np.ndarray) -> dict[str, np.ndarray]:
        return {"picture": cls.vae_decoder(latent)["picture"] + 1}

    @classmethod
    def latent_rgb(cls, latent: np.ndarray) -> dict[str, np.ndarray]:
        return {"picture": cls.vae_decoder(latent)["picture"] + 2}


def make_model(folder: Path, **wishes: Any) -> Model:
    vocab, merges = ((folder / name).read_text("utf-8") for name in ("vocab.json", "merges.txt"))
    return Model(make_manifest(vocab, **wishes), vocab, merges)


def make_manifest(
    vocab: str,
    guidance: str = "classifier-free",
    graphs: Sequence[str] = (*PREVIEWS.values(), "vae_encoder"),
    **scheduler: Any,
) -> dict[str, Any]:
    ids = json.loads(vocab)
    return {
        "guidance": guidance,
        "graphs": dict.fromkeys(graphs),
        "picture": {"height": PICTURE, "width": PICTURE},
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
    settings: Settings,
    model: Model,
    runtime: FakeRuntime | None = None,
    most: int | None = None,
    start: Start | State | None = None,
) -> list[Frame]:
    """The frames of a run, which is closed after ``most`` of them; whatever happens, nothing is left behind."""
    runtime = runtime or FakeRuntime(batch=model.batch)

    async def run() -> list[Frame]:
        frames: list[Frame] = []
        source = generate(settings, model, runtime, start=start)
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
