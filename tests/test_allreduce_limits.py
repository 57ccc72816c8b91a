"""What an executor of allreduce cannot run is declined with its reason."""

import pytest

from tenbin.case import Case
from tenbin.device import missing
from tenbin.kernels.allreduce import KERNEL
from tenbin.kernels.allreduce.problem import AllreduceProblem

RANKS = 4


def reason(variant: str, dtype: str, ranks_per_node: int = RANKS) -> str:
    name = KERNEL.variant(variant)
    problem = AllreduceProblem(4096)
    case = Case("allreduce", name, dtype, problem, RANKS, ranks_per_node)
    return KERNEL.decline(case)


@pytest.mark.parametrize("dtype", KERNEL.dtypes)
@pytest.mark.parametrize(
    ("variant", "ranks_per_node"),
    [
        ("shm", 4),
        ("shm-copy", 4),
        ("shm:two-level", 2),
        ("shm:2x2h", 2),
        ("flat", 4),
        ("4d", 2),
    ],
)
def test_every_dtype_runs_in_memory_and_by_messages(
    variant: str, ranks_per_node: int, dtype: str
) -> None:
    assert reason(variant, dtype, ranks_per_node) == ""


@pytest.mark.parametrize("dtype", KERNEL.dtypes)
@pytest.mark.parametrize(
    ("variant", "ranks_per_node", "words"),
    [
        ("shm", 2, "shm:flat needs nodes of 4 ranks, not 2"),
        ("shm-copy:2x2", 2, "works inside one node only"),
        ("shm:4d", 4, "takes no pattern"),
        ("shm:4/2", 4, "takes no pattern"),
        ("shm:2x7", 2, "needs 14 ranks, not 4"),
    ],
)
def test_levels_that_do_not_fit_the_nodes_are_declined(
    variant: str, ranks_per_node: int, words: str, dtype: str
) -> None:
    assert words in reason(variant, dtype, ranks_per_node)


@pytest.mark.skipif(not missing(), reason="there is a GPU")
@pytest.mark.parametrize("dtype", KERNEL.dtypes)
@pytest.mark.parametrize(
    "variant", ["nccl", "nccl:2x2", "nccl-library", "cuda:flat", "cuda-library"]
)
def test_without_a_gpu_its_executors_are_declined(variant: str, dtype: str) -> None:
    assert reason(variant, dtype).startswith("no GPU")


def test_the_library_declines_what_it_cannot_sum() -> None:
    assert "no bfloat16" in reason("library", "bfloat16")
    assert "no bfloat16" in reason("lib:2x2", "bfloat16")


def test_more_ranks_than_a_dtype_can_count_are_declined() -> None:
    problem = AllreduceProblem(4096)
    case = Case("allreduce", "flat", "bfloat16", problem, 512, 4)

    assert KERNEL.decline(case) == "bfloat16 has no exact sum over 512 ranks"
