"""The denoising loop of Stable Diffusion: a prompt and a seed become a picture, one frame a step.

Python decides the scalars; arrays are tensors of a runtime that runs named ONNX graphs (docs/architecture.md). The
loop knows neither the screen nor the machine: in the page the runtime is onnxruntime-web, elsewhere onnxruntime.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

from pyscript_app.attention import token_gain, word_selector
from pyscript_app.bounds import bounds, check
from pyscript_app.frame import Frame, Timings, Word
from pyscript_app.model import Model
from pyscript_app.noise import Generator
from pyscript_app.samplers import plan
from pyscript_app.step import COLUMNS, ROWS, SLOTS, Step, coefficients

Tensor = Any  # whatever the runtime makes


class Runtime(Protocol):
    """Something that runs the model's graphs; its tensors may live on a graphics card."""

    async def run(self, graph: str, feeds: dict[str, Tensor]) -> dict[str, Tensor]:
        """Run a graph on tensors by name."""

    def tensor(self, data: array | Sequence, shape: tuple[int, ...], dtype: str = "float32") -> Tensor:
        """Make a tensor from values in C order."""

    async def read(self, tensor: Tensor) -> array[float]:
        """The float32 values of a tensor in C order."""

    def release(self, *tensors: Tensor) -> None:
        """Give the memory of tensors back."""

    async def pause(self) -> None:
        """Let messages in between the steps; may raise to end the run."""


@dataclass(frozen=True)
class Settings:
    """What the visitor asks for.

    ``guidance`` 0 ignores the prompt, 1 follows the conditional prediction alone; a model that guides itself is told
    it, and a model without guidance has no use for it, nor either of the two for ``negative``. ``gains`` are factors
    on the attention of words of the prompt, by their text. ``preview`` and ``every`` choose what draws the steps
    before the last (``Model.painters``).

    Raises:
        ValueError: A value lies outside its bounds (``settings.schema.json``).
    """

    prompt: str = ""
    negative: str = ""
    seed: int = 0
    steps: int = 10
    guidance: float = 3.0
    sampler: str = "ddim"
    gains: Mapping[str, float] = field(default_factory=dict)
    preview: str = "full"
    every: int = 1

    def __post_init__(self) -> None:
        for name in bounds():
            check(name, getattr(self, name))


class Tensors:
    """The tensors that a run holds, so that none is left behind however it ends."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._held: dict[int, Tensor] = {}

    def hold(self, *tensors: Tensor) -> None:
        """Remember tensors."""
        self._held |= {id(tensor): tensor for tensor in tensors}

    def keep(self, *tensors: Tensor) -> None:
        """Release all but these."""
        kept = {id(tensor): tensor for tensor in tensors}
        self._runtime.release(*(tensor for key, tensor in self._held.items() if key not in kept))
        self._held = kept


async def generate(
    settings: Settings, model: Model, runtime: Runtime, clock: Callable[[], float] = perf_counter
) -> AsyncGenerator[Frame, None]:
    """Draw a picture step by step.

    Args:
        settings: What to draw.
        model: The model's manifest and tokenizer.
        runtime: What runs its graphs.
        clock: Seconds, for the timings.

    Yields:
        One frame a call of the UNet: the sampler's number of steps, and one more for pndm. The last frame's picture
        is the result.

    Raises:
        ValueError: A setting cannot be drawn with; the sentence says why.
    """
    run = Run(settings, model, runtime, clock)
    try:
        await run.begin()
        for index in range(len(run.plan.steps)):
            await runtime.pause()
            yield await run.advance(index)
    finally:
        run.tensors.keep()


class Run:
    """One picture in the making: the tensors that go from step to step."""

    def __init__(
        self, settings: Settings, model: Model, runtime: Runtime, clock: Callable[[], float]
    ) -> None:
        self.settings, self.model, self.runtime, self.clock = settings, model, runtime, clock
        self.plan = plan(settings.sampler, model.schedule, settings.steps)
        self.random = Generator(settings.seed)
        self.reading = model.tokenizer.read(settings.prompt)
        self.gains = token_gain(self.reading.words, settings.gains, model.tokenizer.length)
        self.painters = model.painters(settings.preview, settings.every, len(self.plan.steps))
        # All at once, so that what cannot be drawn is refused before anything runs.
        next_scales = [step.scale for step in self.plan.steps[1:]] + [1.0]
        # Where the network runs once, its one output is the guided one.
        guidance = settings.guidance if model.guidance == "classifier-free" else 1.0
        self.matrices = [
            coefficients(step, next_scale, guidance, model.schedule.prediction_type)
            for step, next_scale in zip(self.plan.steps, next_scales, strict=True)
        ]
        self.tensors = Tensors(runtime)

    def _tensor(self, data: array | Sequence, *shape: int, dtype: str = "float32") -> Tensor:
        tensor = self.runtime.tensor(data, shape, dtype)
        self.tensors.hold(tensor)
        return tensor

    def _zeros(self, *shape: int) -> Tensor:
        return self._tensor(array("f", bytes(4 * math.prod(shape))), *shape)

    async def _run(self, graph: str, **feeds: Tensor) -> tuple[dict[str, Tensor], float]:
        """Run a graph; its outputs by name, and the milliseconds that it took."""
        began = self.clock()
        outputs = await self.runtime.run(graph, feeds)
        self.tensors.hold(*outputs.values())
        return outputs, (self.clock() - began) * 1000

    async def begin(self) -> None:
        """Encode the prompt (the negative one too), and make the noise that the seed stands for."""
        settings, model, first = self.settings, self.model, self.plan.steps[0]
        shape, batch, length, side = model.shape, model.batch, model.tokenizer.length, max(model.sides)
        ids = list(self.reading.ids)
        if batch == 2:
            ids = model.tokenizer.encode(settings.negative) + ids
        encoded, _ = await self._run(
            "text_encoder", input_ids=self._tensor(ids, batch, length, dtype="int32")
        )
        noise = self.random.randn(math.prod(shape))
        start = array("f", [self.plan.noise_scale * value for value in noise])
        scaled = array("f", [first.scale * value for value in start])
        # The same in every step.
        self.conditions = {"text": encoded["text"], "token_gain": self._tensor(self.gains, 1, length)}
        if model.guidance == "embedded":
            self.conditions["guidance"] = self._tensor([settings.guidance - 1], 1)
        self.words = self._tensor(word_selector(self.reading.words, length), length, length)
        self.no_noise = self._zeros(1, *shape)
        # Replaced by every step.
        self.latent, self.latent_values = self._tensor(start, 1, *shape), start
        self.latents = self._tensor(scaled * batch, batch, *shape)
        self.history = self._zeros(len(SLOTS), *shape)
        self.total = self._zeros(length, side, side)

    async def advance(self, index: int) -> Frame:
        """Take one step: UNet, guidance and sampler, attention, decoder."""
        step, steps, sides = self.plan.steps[index], len(self.plan.steps), self.model.sides
        last, painter = index + 1 == steps, self.painters[index]
        read = self.runtime.read
        unet, unet_ms = await self._run(
            "unet",
            latents=self.latents,
            timestep=self._tensor([step.timestep], 1),
            **self.conditions,
        )
        stepped, step_ms = await self._run(
            "step",
            latent=self.latent,
            output=unet["output"],
            noise=self._fresh_noise(step),
            history=self.history,
            coefficients=self._tensor(self.matrices[index], len(ROWS), len(COLUMNS)),
        )
        pooled, attention_ms = await self._run(
            "attention",
            **{output: unet[output] for output in sides.values()},
            words=self.words,
            total=self.total,
            count=self._tensor([index + 1], 1),
        )
        # Some samplers end a breath of noise above x0: the result is what they end with, as in diffusers.
        shown = stepped["next_latent" if last else "x0"]
        decoded, decode_ms = await self._run(painter, latent=shown)

        before, self.latent_values = self.latent_values, await read(stepped["next_latent"])
        area = len(self.reading.words) * max(sides) ** 2
        shares = await read(pooled["shares"])
        frame = Frame(
            step=index + 1,
            steps=steps,
            timestep=step.timestep,
            sigma=step.sigma,
            noise_share=math.sqrt(1 - step.abar),
            latent_in=before,
            latent=self.latent_values,
            x0=await read(stepped["x0"]),
            eps_uncond=await read(stepped["eps_uncond"]),
            eps_cond=await read(stepped["eps_cond"]),
            eps=await read(stepped["eps"]),
            attention={side: await read(unet[output]) for side, output in sides.items()},
            words=tuple(
                Word(word.text, word.tokens, share)
                for word, share in zip(self.reading.words, shares, strict=False)
            ),
            maps=(await read(pooled["maps"]))[:area],
            mean_maps=(await read(pooled["mean_maps"]))[:area],
            picture=await read(decoded["picture"]),
            drawn_by=painter,
            update=step.update,
            ms=Timings(unet_ms, step_ms, attention_ms, decode_ms),
        )
        self.latent, self.latents = stepped["next_latent"], stepped["latents"]
        self.history, self.total = stepped["next_history"], pooled["next_total"]
        self.tensors.keep(
            *self.conditions.values(), self.words, self.no_noise,
            self.latent, self.latents, self.history, self.total,
        )  # fmt: skip
        return frame

    def _fresh_noise(self, step: Step) -> Tensor:
        if "noise" not in step.update:
            return self.no_noise
        return self._tensor(self.random.randn(math.prod(self.model.shape)), 1, *self.model.shape)
