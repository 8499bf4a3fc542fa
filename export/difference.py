"""How far numbers are from the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Error:
    """How far numbers are from the truth."""

    relative: float  # L2 norm of the difference over that of the truth
    maximum: float  # largest absolute difference

    def worse(self, other: Error) -> Error:
        """The larger of both measures."""
        return Error(max(self.relative, other.relative), max(self.maximum, other.maximum))

    def as_dict(self) -> dict[str, float]:
        """As the manifest has it, to three significant digits."""
        return {"relative": float(f"{self.relative:.2e}"), "maximum": float(f"{self.maximum:.2e}")}


NONE = Error(0.0, 0.0)


def measure(truth: np.ndarray, found: np.ndarray, forgiven: float = 0.0) -> Error:
    """The error of ``found``, with absolute differences up to ``forgiven`` not counted."""
    difference = np.maximum(np.abs(np.asarray(found, np.float64) - truth) - forgiven, 0)
    size = float(np.linalg.norm(truth)) or 1.0
    return Error(float(np.linalg.norm(difference)) / size, float(difference.max()))
