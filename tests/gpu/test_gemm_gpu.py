"""GEMM on a GPU: every variant, over dtypes, odd sizes and transposes."""

import pytest

from tenbin.case import Case
from tenbin.device import missing
from tenbin.kernels.gemm import DTYPES, KERNEL, VARIANTS
from tenbin.kernels.gemm.problem import TRANSPOSES, GemmProblem
from tests.tasks import weigh

ON_DEVICE = [name for name, variant in VARIANTS.items() if variant.on_device]
SIZES = ((1, 1, 1), (33, 17, 5), (130, 70, 48), (512, 16, 1000), (256, 256, 4096))

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "has a GPU")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("variant", ON_DEVICE)
def test_products_keep_their_bounds(
    variant: str, size: tuple[int, int, int], transpose: str, dtype: str
) -> None:
    case = Case("gemm", variant, dtype, GemmProblem(*size, transpose))
    if reason := KERNEL.decline(case):
        pytest.skip(reason)
    weigh(case)
