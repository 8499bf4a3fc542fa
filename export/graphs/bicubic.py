"""Bicubic interpolation as a matrix: a product runs on every backend, which a cubic Resize does not."""

from __future__ import annotations

import torch
from torch import Tensor

BICUBIC_A = -0.75  # as in torch and in DAAM


def bicubic_matrix(size: int, enlarged: int) -> Tensor:
    """The matrix ``[enlarged, size]`` of bicubic interpolation (Keys 1981, a = -0.75, half-pixel centres).

    Neighbours beyond the border repeat the outermost value, as
    ``torch.nn.functional.interpolate(mode="bicubic", align_corners=False)`` has it.
    """

    def weight(distance: float) -> float:
        x, a = abs(distance), BICUBIC_A
        if x <= 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0

    matrix = torch.zeros(enlarged, size, dtype=torch.float64)
    for row in range(enlarged):
        centre = (row + 0.5) * size / enlarged - 0.5
        first = int(centre // 1) - 1
        for column in range(first, first + 4):
            matrix[row, min(max(column, 0), size - 1)] += weight(centre - column)
    return matrix.float()
