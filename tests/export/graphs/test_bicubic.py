"""Bicubic interpolation, against torch's."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import interpolate
from torch.testing import assert_close

from export.graphs.bicubic import bicubic_matrix


@pytest.mark.parametrize(("size", "enlarged"), [(4, 8), (8, 64), (5, 15), (16, 16)])
def test_bicubic_matrix_is_torchs_interpolation(size: int, enlarged: int) -> None:
    picture = torch.rand(3, size, size, generator=torch.Generator().manual_seed(0))
    matrix = bicubic_matrix(size, enlarged)
    truth = interpolate(picture[None], size=enlarged, mode="bicubic", align_corners=False)[0]
    assert_close(matrix @ picture @ matrix.T, truth, atol=1e-5, rtol=1e-5)
