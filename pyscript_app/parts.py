"""The parts of which a picture is made: encode, predict, step, pool, decode. Each runs one graph of a model.

``loop.generate`` composes them to a run; each can be used by itself as well::

    parts = Parts(model, runtime)
    text = await parts.encode(tokenizer.encode(""), tokenizer.encode("a red car"))
    seen = await parts.predict(latents, 999, Conditions(text, parts.tensor([1] * 77, 1, 77)))

Tensors stay where the runtime has them, on a graphics card perhaps, until they are read.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

from pyscript_app.model import PREVIEWS, Model
from pyscript_app.step import COLUMNS, ROWS

Tensor = Any  # whatever the runtime makes


class Runtime(Protocol):
    """Something that runs the model's graphs; its tensors may live on a graphics card."""

    async def run(self, graph: str, feeds: dict[str, Tensor]) -> dict[str, Tensor]:
        """Run a graph on tensors by name."""

    def tensor(
        self, data: array[Any] | Sequence[float], shape: tuple[int, ...], dtype: str = "float32"
    ) -> Tensor:
        """Make a tensor from values in C order."""

    async def read(self, tensor: Tensor) -> array[float]:
        """The float32 values of a tensor in C order."""

    def release(self, *tensors: Tensor) -> None:
        """Give the memory of tensors back."""

    async def pause(self) -> None:
        """Let messages in between the steps; may raise to end the run."""


@dataclass(frozen=True)
class Conditions:
    """What the network is told beside the latent, in every step the same.

    ``text`` [batch, T, d] is the encoded prompt (without guidance first), ``token_gain`` [1, T] factors on its
    attention, ``guidance`` [1] the strength for models with embedded guidance.
    """

    text: Tensor
    token_gain: Tensor
    guidance: Tensor | None = None

    def feeds(self) -> dict[str, Tensor]:
        """By the graph's names."""
        return {name: tensor for name, tensor in vars(self).items() if tensor is not None}


@dataclass(frozen=True)
class Prediction:
    """What the network said: ``output`` [batch, C, h, w], and by side its ``attention`` [T, side, side]."""

    output: Tensor
    attention: Mapping[int, Tensor]


@dataclass(frozen=True)
class Stepped:
    """What a step leads to, each [1, C, h, w] but ``latents`` [batch, C, h, w] and ``history`` [3, C, h, w]."""

    latent: Tensor
    latents: Tensor
    """The next input of the network: the latent scaled, once for each prompt."""
    x0: Tensor
    eps_uncond: Tensor
    eps_cond: Tensor
    eps: Tensor
    history: Tensor


@dataclass(frozen=True)
class Pooled:
    """Where the words are looked at.

    ``maps`` and ``mean_maps`` [T, S, S] with one row for each word, ``shares`` [T] likewise, ``total`` [T, S, S] the
    sum over the steps so far with one row for each token.
    """

    maps: Tensor
    mean_maps: Tensor
    shares: Tensor
    total: Tensor


class Parts:
    """A model's parts, ready to be used; remembers the tensors that they make, so that none is left behind.

    Args:
        model: The model.
        runtime: What runs its graphs.
        clock: Seconds, for the timings.
    """

    def __init__(self, model: Model, runtime: Runtime, clock: Callable[[], float] = perf_counter) -> None:
        self.model, self.runtime, self.clock = model, runtime, clock
        self.ms: dict[str, float] = {}
        """The milliseconds of each graph's latest run, and of the latest ``decode`` by whichever."""
        self._held: dict[int, Tensor] = {}

    @property
    def length(self) -> int:
        """Number of token slots."""
        return self.model.tokenizer.length

    async def encode(self, *prompts: Sequence[int]) -> Tensor:
        """Token ids, as many prompts as the model's batch → the text's vectors [batch, T, d]."""
        flat = [number for ids in prompts for number in ids]
        ids = self.tensor(flat, len(prompts), len(flat) // len(prompts), dtype="int32")
        return (await self._run("text_encoder", input_ids=ids))["text"]

    async def predict(self, latents: Tensor, timestep: float, told: Conditions) -> Prediction:
        """Ask the network what it sees in scaled latents [batch, C, h, w]."""
        outputs = await self._run(
            "unet", latents=latents, timestep=self.tensor([timestep], 1), **told.feeds()
        )
        return Prediction(outputs["output"], {side: outputs[name] for side, name in self.model.sides.items()})

    async def step(
        self, latent: Tensor, output: Tensor, noise: Tensor, history: Tensor, matrix: array[float]
    ) -> Stepped:
        """Guidance and sampler as one matrix product.

        Args:
            latent: [1, C, h, w]
            output: The network's, [batch, C, h, w].
            noise: Fresh random numbers [1, C, h, w], or zeros.
            history: What the sampler remembers, [3, C, h, w].
            matrix: From ``step.coefficients``.
        """
        made = await self._run(
            "step",
            latent=latent,
            output=output,
            noise=noise,
            history=history,
            coefficients=self.tensor(matrix, len(ROWS), len(COLUMNS)),
        )
        kept = {name: made[name] for name in ("latents", "x0", "eps_uncond", "eps_cond", "eps")}
        return Stepped(latent=made["next_latent"], history=made["next_history"], **kept)

    async def pool(self, attention: Mapping[int, Tensor], words: Tensor, total: Tensor, count: int) -> Pooled:
        """Bring the attention of all sides to one size, and make maps of words from those of tokens.

        Args:
            attention: A prediction's.
            words: [T, T] from ``attention.word_selector``.
            total: The sum over the earlier steps [T, S, S].
            count: How many steps that makes with this one.
        """
        made = await self._run(
            "attention",
            **{self.model.sides[side]: maps for side, maps in attention.items()},
            words=words,
            total=total,
            count=self.tensor([count], 1),
        )
        return Pooled(made["maps"], made["mean_maps"], made["shares"], made["next_total"])

    async def decode(self, latent: Tensor, painter: str = PREVIEWS["full"]) -> array[float]:
        """A latent [1, C, h, w] → its picture [H, W, 4], 0 to 255.

        Args:
            latent: What to draw.
            painter: One of the model's graphs that draw; "" draws nothing.
        """
        self.ms["decode"] = 0.0
        if not painter:
            return array("f")
        made = await self._run(painter, latent=latent)
        self.ms["decode"] = self.ms[painter]
        return await self.runtime.read(made["picture"])

    async def encode_picture(self, picture: Sequence[float]) -> Tensor:
        """A picture of H × W × 4 numbers from 0 to 255 → its latent [1, C, h, w]: the mean that the encoder gives."""
        planes = array("f")
        for colour in range(3):
            planes.extend([value / 127.5 - 1 for value in picture[colour::4]])
        made = await self._run("vae_encoder", picture=self.tensor(planes, 1, 3, *self.model.size))
        return made["latent"]

    async def _run(self, graph: str, **feeds: Tensor) -> dict[str, Tensor]:
        began = self.clock()
        outputs = await self.runtime.run(graph, feeds)
        self._hold(*outputs.values())
        self.ms[graph] = (self.clock() - began) * 1000
        return outputs

    def tensor(self, data: array[Any] | Sequence[float], *shape: int, dtype: str = "float32") -> Tensor:
        """A tensor of values in C order."""
        made = self.runtime.tensor(data, shape, dtype)
        self._hold(made)
        return made

    def zeros(self, *shape: int) -> Tensor:
        """A tensor of zeros."""
        return self.tensor(array("f", bytes(4 * math.prod(shape))), *shape)

    def _hold(self, *tensors: Tensor) -> None:
        self._held |= {id(tensor): tensor for tensor in tensors}

    def keep(self, *tensors: Tensor) -> None:
        """Release all tensors that the parts have made, but these."""
        kept = {id(tensor): tensor for tensor in tensors}
        self.runtime.release(*(tensor for key, tensor in self._held.items() if key not in kept))
        self._held = kept
