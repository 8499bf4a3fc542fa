"""The course of a run, decided before anything runs: its steps, their matrices, what the prompt reads as."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

from pyscript_app.attention import token_gain, word_selector
from pyscript_app.model import Model
from pyscript_app.noise import Generator
from pyscript_app.refusal import RefusalError
from pyscript_app.samplers import plan
from pyscript_app.settings import Settings, Start
from pyscript_app.slots import Source, delete_words, slot_sources
from pyscript_app.state import State
from pyscript_app.step import Plan, Step, coefficients
from pyscript_app.tokenizer import Reading


@dataclass(frozen=True)
class Course:
    """All of a run that is decided before it.

    Args:
        plan: All steps from ``begin`` on.
        begin: The first of them among all that were asked for, from 0.
        following: The first that is still to be taken, counted from ``begin``.
        frames: How many steps an earlier run has shown before.
        state: Of that earlier run, where this one goes on exactly as planned there.
        matrices: For each step of the plan the step graph's.
        painters: For each step of the plan the graph that draws it; "" for none.
        reading: The prompt, without the words that were deleted.
        sources: For each token slot where its vector comes from.
        selector: Which tokens make which word (``attention.word_selector``).
        gains: For each token slot the factor on its attention.
        random: What draws the run's noise.
    """

    plan: Plan
    begin: int
    following: int
    frames: int
    state: State | None
    matrices: list[array[float]]
    painters: list[str]
    reading: Reading
    sources: list[Source]
    selector: array[float]
    gains: array[float]
    random: Generator

    @property
    def first(self) -> Step:
        """The step to begin with."""
        return self.plan.steps[self.following]

    @property
    def ahead(self) -> list[tuple[int, Step]]:
        """The steps to take, each with its number in the plan."""
        return list(enumerate(self.plan.steps))[self.following :]

    def after(self, index: int) -> Step | None:
        """The step that follows one of the plan; None after the last."""
        rest = self.plan.steps[index + 1 :]
        return rest[0] if rest else None

    def shown(self, index: int) -> int:
        """How many frames there are before a step of the plan, an earlier run's included."""
        return self.frames + index - self.following

    @property
    def remembers(self) -> bool:
        """Whether a step needs anything of those before it."""
        return any(step.remember for step in self.plan.steps)


def chart(settings: Settings, model: Model, start: Start | State | None, last_only: bool = False) -> Course:
    """Decide the course of a run, of which perhaps the last picture only is drawn.

    Raises:
        RefusalError: It cannot be drawn.
    """
    prompt = delete_words(model.tokenizer, settings.prompt, settings.slots)
    gone = {word.lower() for word, way in settings.slots.items() if way == "deleted"}
    reading = model.tokenizer.read(prompt)
    gains = {word: gain for word, gain in settings.gains.items() if word.lower() not in gone}
    begin, following, frames, state = 0, 0, 0, None
    if isinstance(start, Start):
        model.check_picture(len(start.picture))
        model.schedule.check_steps(settings.steps)
        begin = start.first_step(settings.steps)
    elif start:
        if len(start.latent) != math.prod(model.shape):
            raise RefusalError("state-shape")
        frames = start.frames
        if (start.sampler, start.steps, start.spacing) == (
            settings.sampler,
            settings.steps,
            settings.spacing,
        ):
            begin, following, state = start.begin, start.following, start
        else:
            begin = _nearest(start.noise_share, _plan(settings, model))
    way = _plan(settings, model, begin)
    painters = model.painters(settings.preview, settings.every, len(way.steps))
    if last_only:
        painters[:-1] = [""] * (len(painters) - 1)
    next_scales = [step.scale for step in way.steps[1:]] + [1.0]
    # Where the network runs once, its one output is the guided one.
    guidance = settings.guidance if model.guidance == "classifier-free" else 1.0
    return Course(
        plan=way,
        begin=begin,
        following=following,
        frames=frames,
        state=state,
        matrices=[
            coefficients(step, next_scale, guidance, model.schedule.prediction_type)
            for step, next_scale in zip(way.steps, next_scales, strict=True)
        ],
        painters=painters,
        reading=reading,
        sources=slot_sources(model.tokenizer, reading, settings.slots),
        selector=word_selector(reading.words, model.tokenizer.length),
        gains=token_gain(reading.words, gains, model.tokenizer.length),
        random=_generator(settings.seed, start, math.prod(model.shape)),
    )


def noise_shares(settings: Settings, model: Model) -> list[float]:
    """sqrt(1 - abar) of the latent before each step of a run from noise.

    Raises:
        RefusalError: It cannot be drawn.
    """
    return [step.noise_share for step in _plan(settings, model).steps]


def _generator(seed: int, start: Start | State | None, count: int) -> Generator:
    """The seed's; where a run goes on, after the numbers that were drawn before."""
    if isinstance(start, State) and start.seed == seed:
        return Generator(seed, start.position)
    random = Generator(seed)
    if isinstance(start, State):
        random.randn(count)  # another seed's first noise, which nobody sees
    return random


def _plan(settings: Settings, model: Model, begin: int = 0) -> Plan:
    return plan(settings.sampler, model.schedule, settings.steps, begin, settings.spacing)


def _nearest(noise_share: float, way: Plan) -> int:
    """The step that expects as much noise as there is."""
    steps = way.steps
    return min(range(len(steps)), key=lambda i: abs(steps[i].noise_share - noise_share))
