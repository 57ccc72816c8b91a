"""Convolution on a GPU: every variant, over small shapes of every kind and layers."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.case import Case
from tenbin.device import missing
from tenbin.kernels.conv import DTYPES, KERNEL, VARIANTS
from tenbin.kernels.conv.presets import PRESETS
from tenbin.kernels.conv.problem import DIRECTIONS, ConvProblem
from tests.tasks import weigh
from tests.test_conv_problem import problems

ON_DEVICE = [name for name, variant in VARIANTS.items() if variant.on_device]

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "has a GPU")


@given(
    problem=problems(),
    variant=st.sampled_from(ON_DEVICE),
    dtype=st.sampled_from(DTYPES),
)
@settings(deadline=None, max_examples=200)
def test_small_shapes_keep_their_bounds(
    problem: ConvProblem, variant: str, dtype: str
) -> None:
    case = Case("conv", variant, dtype, replace(problem, layout="nhwc"))
    if not KERNEL.decline(case):
        weigh(case)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("problem", PRESETS["lenet-5"] + PRESETS["resnet-50"])
@pytest.mark.parametrize("variant", ON_DEVICE)
def test_layers_keep_their_bounds(
    variant: str, problem: ConvProblem, direction: str
) -> None:
    case = Case("conv", variant, "float16", replace(problem, direction=direction))
    if reason := KERNEL.decline(case):
        pytest.skip(reason)
    weigh(case)
