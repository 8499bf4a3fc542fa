"""The random numbers are PyTorch's own: the same seed, the same latent."""

import numpy as np
import pytest
import torch

from pyscript_app.noise import Generator

SEEDS = [0, 1, 42, 2**31, 2**32 - 1, 2**32 + 5, 2**63, 2**64 - 1]
# Below 16 PyTorch draws in double precision; above, in blocks of 16 with the last one drawn afresh.
COUNTS = [1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 100, 256, 1000, 1024, 4 * 16 * 16 + 5]


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_equal_torch(seed: int) -> None:
    for n in COUNTS:
        expected = torch.randn(n, generator=torch.Generator().manual_seed(seed))
        drawn = Generator(seed).randn(n)
        assert drawn.typecode == "f"
        np.testing.assert_allclose(drawn, expected.numpy(), rtol=0, atol=1e-6, err_msg=f"n = {n}")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("counts", [COUNTS, COUNTS[::-1], [1, 1, 1, 16, 1, 3, 64, 2]], ids=str)
def test_successive_draws_equal_torch(seed: int, counts: list[int]) -> None:
    theirs, ours = torch.Generator().manual_seed(seed), Generator(seed)
    for n in counts:
        expected = torch.randn(n, generator=theirs).numpy()
        np.testing.assert_allclose(ours.randn(n), expected, rtol=0, atol=1e-6, err_msg=f"n = {n}")


def test_many_numbers_equal_torch_to_the_tails() -> None:
    expected = torch.randn(200_000, generator=torch.Generator().manual_seed(5)).numpy()
    assert np.abs(expected).max() > 4
    np.testing.assert_allclose(Generator(5).randn(200_000), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "7", None, True, float("nan")], ids=repr)
def test_a_bad_seed_gives_a_sentence(seed: object) -> None:
    with pytest.raises(
        ValueError, match=r"^The seed must be a whole number from 0 to 18446744073709551615, not"
    ):
        Generator(seed)  # type: ignore[arg-type]


def test_no_numbers_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="At least one random number"):
        Generator(0).randn(0)
