"""Rounding: how exact each form is, and which weight takes which."""

from __future__ import annotations

import numpy as np
import pytest
from onnxruntime.capi._pybind_state import quantize_matmul_4bits

from export.weights.precision import BLOCK, Float16, Form, Int4, Int8, Use, form_of


def random(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def matrix_of(packed: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The matrix ``[K, N]`` that 4-bit integers and their scales stand for."""
    integers = np.stack([packed & 15, packed >> 4], axis=-1).reshape(*scale.shape, BLOCK).astype(int) - 8
    return (integers * scale[..., None]).reshape(len(scale), -1).T


def relative(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


@pytest.mark.parametrize("axis", [0, 1])
def test_no_value_in_8_bits_is_off_by_more_than_half_a_level_of_its_channel(axis: int) -> None:
    values = random((40, 30))
    values *= np.linspace(0.01, 10, values.shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1))
    integers, scale = Int8(axis).encode(values)
    scales = np.expand_dims(scale, 1 - axis)
    assert np.all(np.abs(integers * scales - values) <= scales / 2 * 1.0001)
    assert np.all(np.abs(integers).max(axis=1 - axis) == 127)


@pytest.mark.parametrize("form", [Int8(1), Int4()])
def test_zeros_stay_zero(form: Form) -> None:
    values = random((64, 3))
    values[:, 1] = 0
    codes, scale = form.encode(values)
    found = codes * scale if isinstance(form, Int8) else matrix_of(codes, scale)
    assert not found[:, 1].any()
    assert np.isfinite(scale).all()


def test_half_precision_keeps_11_bits_and_never_becomes_infinite() -> None:
    values = np.array([[1 + 2**-10, 1e6], [-1e6, 1 / 3]], np.float32)
    (halves,) = Float16().encode(values)
    np.testing.assert_allclose(halves, [[1 + 2**-10, 65504], [-65504, 1 / 3]], rtol=2**-11)


@pytest.mark.parametrize("kind", ["normal", "laplace", "heavy", "even"])
def test_the_searched_scale_is_better_than_the_largest_value_over_8(kind: str) -> None:
    """The other way is ONNX Runtime's own."""
    rng = np.random.default_rng(0)
    draws = {
        "normal": rng.normal(size=(512, 96)),
        "laplace": rng.laplace(size=(512, 96)),
        "heavy": rng.standard_t(4, size=(512, 96)),
        "even": rng.uniform(-1, 1, size=(512, 96)),
    }
    values = draws[kind].astype(np.float32)
    rows, columns = values.shape
    packed = np.zeros((columns, rows // BLOCK, BLOCK // 2), np.uint8)
    scale = np.zeros((columns, rows // BLOCK), np.float32)
    unused = np.zeros((columns, rows // BLOCK // 2), np.uint8)
    quantize_matmul_4bits(packed, values, scale, unused, BLOCK, columns, rows, True)
    ours, theirs = (
        relative(matrix_of(*Int4().encode(values)), values),
        relative(matrix_of(packed, scale), values),
    )
    assert ours < 0.97 * theirs


def test_4_bits_keep_what_16_levels_can_say() -> None:
    """Levels of both signs of scale, and -8, which only one end reaches."""
    rng = np.random.default_rng(0)
    levels = rng.integers(-7, 8, size=(64, 40))
    levels[::BLOCK] = -8
    values = (levels * rng.choice([-1, 1], size=40) * rng.uniform(0.1, 9, size=40)).astype(np.float32)
    np.testing.assert_allclose(matrix_of(*Int4().encode(values)), values, rtol=1e-5)


@pytest.mark.parametrize("form", [Float16(), Int8(0), Int8(1), Int4()])
def test_the_layout_says_what_is_made(form: Form) -> None:
    made = form.encode(random((64, 48)))
    assert [(array.dtype, array.shape) for array in made] == list(form.layout((64, 48)).values())


@pytest.mark.parametrize(
    ("use", "shape", "precision", "form"),
    [
        (Use("MatMul", 1), (64, 48), "fp32", None),
        (Use("MatMul", 1), (64, 48), "fp16", Float16()),
        (Use("MatMul", 1), (64, 48), "int8", Int8(1)),
        (Use("MatMul", 1), (64, 48), "int8+w4", Int4()),
        (Use("MatMul", 1), (72, 48), "int8+w4", Int8(1)),  # no multiple of 32
        (Use("Gemm", 0), (64, 48), "int8+w4", Int8(0)),
        (Use("Conv", 0), (64, 48, 3, 3), "int8+w4", Int8(0)),
        (Use("Conv", 0), (320, 4, 3, 3), "int8", None),
        (Use("Conv", 0), (320, 4, 3, 3), "fp16", Float16()),
        (None, (64, 48), "int8", None),
        (None, (64, 48), "fp16", Float16()),
        (None, (2048,), "fp16", None),
        (Use("MatMul", 1), (16, 16), "int8", None),
    ],
)
def test_which_weight_takes_which_form(
    use: Use | None, shape: tuple[int, ...], precision: str, form: Form | None
) -> None:
    assert form_of("down_blocks.0.proj.weight", use, shape, precision) == form


@pytest.mark.parametrize(
    ("layer", "form"),
    [
        ("attn1.to_q", Int4()),
        ("attn2.to_v", Int8(1)),
        ("attn1.to_out.0", Int8(1)),
        ("ff.net.0.proj", Int4()),
        ("ff.net.2", Int8(1)),
        ("proj_out", Int4()),
    ],
)
def test_what_is_added_to_the_features_keeps_8_bits(layer: str, form: Form) -> None:
    name = f"mid_block.attentions.0.transformer_blocks.0.{layer}.weight"
    assert form_of(name, Use("MatMul", 1), (64, 48), "int8+w4") == form
