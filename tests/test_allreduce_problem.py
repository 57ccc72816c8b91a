import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin.cold import last_level_cache_bytes
from tenbin.errors import UsageError
from tenbin.kernel import Options
from tenbin.kernels.allreduce import pool
from tenbin.kernels.allreduce.dtypes import EXACT_SUM
from tenbin.kernels.allreduce.models import PARAMETERS
from tenbin.kernels.allreduce.presets import PRESETS
from tenbin.kernels.allreduce.problem import AllreduceAxes, AllreduceProblem, expand


@pytest.mark.parametrize(
    ("network", "parameters"),
    [
        ("lenet5", 61_706),
        ("alexnet", 60_965_224),
        ("resnet50", 25_557_032),
        ("vgg16", 138_357_544),
    ],
)
def test_layers_add_up_to_the_published_count(network: str, parameters: int) -> None:
    assert PARAMETERS[network] == parameters


def test_gradients_are_four_bytes_per_parameter() -> None:
    sizes = {problem.label: problem.message_bytes for problem in PRESETS["gradients"]}

    assert sizes == {name: 4 * count for name, count in PARAMETERS.items()}


@pytest.mark.parametrize(
    ("preset", "first", "last", "length"),
    [
        ("latency", 8, 2**16, 14),
        ("bandwidth", 2**16, 2**26, 11),
        ("smoke", 8, 2**16, 3),
    ],
)
def test_presets_span_their_range(
    preset: str, first: int, last: int, length: int
) -> None:
    sizes = [problem.message_bytes for problem in PRESETS[preset]]

    assert (sizes[0], sizes[-1], len(sizes)) == (first, last, length)


@given(st.sets(st.integers(0, 2**40), min_size=2, max_size=20))
def test_labels_are_unique(sizes: set[int]) -> None:
    labels = {AllreduceProblem(size).label for size in sizes}

    assert len(labels) == len(sizes)
    assert not any("/" in label or " " in label for label in labels)


def test_a_problem_keeps_its_message_when_ranks_grow() -> None:
    problem = AllreduceProblem(4096)

    assert problem.times(8) == problem
    assert problem.work("float32").message_bytes == 4096


def test_sizes_of_a_study_become_problems() -> None:
    problems = expand(AllreduceAxes(sizes=["8B", "1KiB:4KiB", 100]))

    assert [p.message_bytes for p in problems] == [8, 1024, 2048, 4096, 100]


@pytest.mark.parametrize("sizes", ["12 parsecs", [], "-8"])
def test_what_is_no_size_is_refused(sizes: str | list[int | str]) -> None:
    with pytest.raises(UsageError):
        expand(AllreduceAxes(sizes=sizes))


@pytest.mark.parametrize("dtype", EXACT_SUM)
@pytest.mark.parametrize("ranks", [2, 3, 64, 256, 2048])
def test_sums_are_exact_in_any_order(dtype: str, ranks: int) -> None:
    if ranks > EXACT_SUM[dtype]:
        pytest.skip("no exact sum")
    made = pool.make_pool(3000, dtype, ranks, rank=0, buffers=1, seed=7)

    assert numbers(made.wanted, dtype).max() <= EXACT_SUM[dtype]
    assert numbers(made.mine, dtype).max() > 0


def numbers(stored: pool.Buffer, dtype: str) -> pool.Buffer:
    if dtype != "bfloat16":
        return stored
    return (stored.astype(np.uint32) << 16).view(np.float32)


@pytest.mark.parametrize("count", [0, 1, 1020, 1021, 1022, 5000])
def test_the_check_accepts_the_sum_and_nothing_else(count: int) -> None:
    parts = [pool.make_pool(count, "float32", 3, rank, 1, seed=1) for rank in range(3)]
    mine = parts[0].buffers[0]

    np.copyto(mine, np.sum([part.buffers[0] for part in parts], axis=0))

    assert parts[0].check().ok
    for wrong in (mine[-1:] + 1, np.nan):
        if count:
            mine[-1] = np.squeeze(wrong)
            assert not parts[0].check().ok
            assert parts[0].check().error == 1.0


def test_a_chunk_in_the_wrong_place_is_noticed() -> None:
    made = pool.make_pool(2**16, "float32", 2, rank=0, buffers=1, seed=1)
    buffer = made.buffers[0]
    pool.fill(buffer, made.wanted)
    assert made.check().ok

    buffer[: 2**14] = buffer[2**14 : 2**15].copy()

    assert not made.check().ok


def test_buffers_take_turns_and_are_refilled_before_their_next() -> None:
    made = pool.make_pool(5, "float32", 2, rank=1, buffers=3, seed=1)

    for repetition in range(7):
        made.rotate(repetition)
        current = made.buffers[made.current]
        assert made.current == repetition % 3
        np.testing.assert_array_equal(current, made.mine[:5])
        current += 1


def test_buffers_are_cold_within_memory() -> None:
    cache = last_level_cache_bytes()

    assert pool.buffers_needed(2**20, 1, Options(hot=True)) == 1
    assert pool.buffers_needed(8, 4, Options()) == pool.MOST_BUFFERS
    assert pool.buffers_needed(2 * cache, 1, Options(pool_bytes=1)) == 1
    assert pool.buffers_needed(2**20, 8, Options(pool_bytes=8)) == 2
