"""What the native convolutions refuse: shapes, buffers of another length, names."""

from typing import Any

import numpy as np
import pytest

from tests.native_convolutions import Shape, native

A = Shape(c=2, h=4, w=4, k=2, r=3, s=3)
WRONG = [
    (A[:-1], "a shape is a tuple"),
    (A._replace(n=0), "n = 0"),
    (A._replace(stride_w=0), "stride_w = 0"),
    (A._replace(pad_h=-1), "pad_h = -1"),
    (A._replace(r=5), "larger than the padded image"),
    (A._replace(groups=3), "groups must divide"),
    (A._replace(n=2**39, h=2**20), r"beyond 2\^40"),
    (A._replace(pad_h=2**39, stride_h=2**39), r"beyond 2\^40"),
]


@pytest.mark.parametrize(("shape", "message"), WRONG)
def test_refuses_a_shape(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        native.conv_fits("conv_direct", "float16", shape)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_stride_beyond_the_image_takes_no_more_memory(dtype: str) -> None:
    if "avx2" not in native.isas() and "neon" not in native.isas():
        pytest.skip("no native pixel here")
    narrow = Shape(c=2, h=2**22, w=1, k=3)
    strides = [narrow, narrow._replace(stride_w=2**40)]

    each = [native.conv_scratch_bytes("conv_pixel", dtype, a, 1) for a in strides]

    assert each[0] == each[1]


@pytest.mark.parametrize("short", ["x", "packed", "y", "weights"])
def test_refuses_a_buffer_of_another_length(short: str) -> None:
    arguments = ("conv_direct", "float16", A)
    weights = np.zeros(36, dtype=np.uint16)
    buffers: dict[str, Any] = {
        "x": np.zeros(32, dtype=np.uint16),
        "packed": native.conv_pack(*arguments, weights),
        "y": np.zeros(8, dtype=np.uint16),
        "scratch": native.aligned(native.conv_scratch_bytes(*arguments, 1)),
    }
    if short == "weights":
        with pytest.raises(ValueError, match="weights of 70 bytes"):
            native.conv_pack(*arguments, weights[:-1])
        return
    buffers[short] = buffers[short][:-1]
    with pytest.raises(ValueError, match=f"{short} of"):
        native.conv(*arguments, *buffers.values(), 1)


def test_refuses_what_is_no_convolution() -> None:
    with pytest.raises(ValueError, match="add: not a convolution"):
        native.conv_fits("add", "float16", A)
    with pytest.raises(ValueError, match="no native conv_direct of float64"):
        native.conv_fits("conv_direct", "float64", A)
