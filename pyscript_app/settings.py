"""What a visitor asks for: words, numbers, and a picture to begin with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyscript_app.bounds import bounds, check
from pyscript_app.refusal import RefusalError
from pyscript_app.spacing import TRAINED


@dataclass(frozen=True)
class Settings:
    """What the visitor asks for.

    ``guidance`` 0 ignores the prompt, 1 follows the conditional prediction alone; a model that guides itself is told
    it, and a model without guidance has no use for it, nor either of the two for ``negative``. ``gains`` are factors
    on the attention of words of the prompt, by their text; ``slots`` says by their text what happens to the slots of
    words (``slots.py``). ``spacing`` is where in time the steps lie (``spacing.py``). ``preview`` and ``every`` choose
    what draws the steps before the last (``Model.painters``).

    Raises:
        RefusalError: A value lies outside its bounds (``settings.schema.json``).
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
    spacing: str = TRAINED
    slots: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in bounds():
            check(name, getattr(self, name))


@dataclass(frozen=True)
class Start:
    """A picture to begin with instead of noise (SDEdit: Meng et al., https://arxiv.org/abs/2108.01073).

    ``picture`` holds H × W × 4 numbers from 0 to 255, red, green, blue and alpha, which is not looked at. ``strength``
    is the part of the steps that is taken: 1 is all of them, from a picture that noise has all but covered.

    Raises:
        RefusalError: The strength does not lie between 0 and 1.
    """

    picture: Sequence[float]
    strength: float

    def __post_init__(self) -> None:
        if not _is_number(self.strength) or not 0 <= self.strength <= 1:
            raise RefusalError("strength-range", value=repr(self.strength))

    def first_step(self, steps: int) -> int:
        """With which of so many steps, from 0, the run begins; as ``get_timesteps`` of diffusers.

        Raises:
            RefusalError: None is left.
        """
        taken = min(int(steps * self.strength), steps)
        if not taken:
            least = math.ceil(1000 / steps) / 1000
            raise RefusalError("strength-little", strength=self.strength, steps=steps, least=least)
        return steps - taken


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
