"""Who is late: ranks that are last too often for chance, and by too much."""

import msgspec
import pytest

from tenbin.record import Record, SampleRow
from tenbin.results.stragglers import sentences, stragglers


def record(exits: list[list[int]], flags: tuple[str, ...] = ()) -> Record:
    samples = SampleRow(
        entry_ns=[[0, 0]] * len(exits),
        exit_ns=exits,
        cpu_ns=[],
        late=[],
        warmup_ns=[],
        start="window",
        residual_ns=0,
        stop="budget",
    )
    return Record(
        run_id="r",
        case="allreduce/flat",
        launch=0,
        status="ok",
        kernel="allreduce",
        variant="flat",
        dtype="float32",
        scaling="fixed",
        label="1KiB",
        problem={},
        ranks=2,
        ranks_per_node=2,
        nodes=1,
        hosts=["a", "b"],
        samples=samples,
        flags=list(flags),
        started="",
    )


def test_a_rank_that_is_always_last_is_named() -> None:
    (found,) = stragglers([record([[10, 20]] * 50)])
    assert "rank 1 on b leaves last in 100% of 50 repetitions, 10.0 ns" in str(found)


def test_a_barrier_may_let_one_rank_go_last() -> None:
    late = record([[30, 30]] * 50)
    assert late.samples is not None
    samples = msgspec.structs.replace(late.samples, entry_ns=[[0, 20]] * 50)

    by_window = msgspec.structs.replace(late, samples=samples)
    barrier = msgspec.structs.replace(samples, start="barrier")
    by_barrier = msgspec.structs.replace(late, samples=barrier)

    assert [found.verb for found in stragglers([by_window])] == ["enters"]
    assert stragglers([by_barrier]) == []


def test_who_leaves_last_as_he_was_let_go_is_not_late() -> None:
    samples = record([[30, 50]] * 50).samples
    assert samples is not None
    barrier = msgspec.structs.replace(samples, start="barrier")

    let_go = msgspec.structs.replace(barrier, entry_ns=[[0, 20]] * 50)
    later = msgspec.structs.replace(barrier, entry_ns=[[0, 5]] * 50)

    named = [
        [found.late_s for found in stragglers([by])]
        for by in (
            msgspec.structs.replace(record([]), samples=samples)
            for samples in (let_go, later)
        )
    ]
    assert named == [[], [pytest.approx(15e-9)]]


def test_a_rank_that_is_last_by_a_moment_holds_nobody_up() -> None:
    assert stragglers([record([[1000, 1010]] * 50)]) == []


@pytest.mark.parametrize("flag", ["oversubscribed", "unsynchronised"])
def test_where_ranks_share_a_processor_or_no_clock_nobody_is_named(flag: str) -> None:
    assert stragglers([record([[10, 20]] * 50, (flag,))]) == []


def test_ranks_that_take_turns_are_not() -> None:
    assert stragglers([record([[10, 20], [20, 10]] * 25)]) == []


def test_other_kernels_have_no_stragglers() -> None:
    other = msgspec.structs.replace(record([[10, 20]] * 50), kernel="training")
    assert stragglers([other]) == []


def test_a_page_counts_the_records_of_a_late_rank() -> None:
    records = [record([[10, 20 + i]] * 50) for i in range(3)]
    (sentence,) = sentences(stragglers(records))
    assert sentence == (
        "Rank 1 on b leaves last in 3 records of AllReduce, up to 12.0 ns behind the "
        "others (allreduce/flat)."
    )
    many = [
        msgspec.structs.replace(r, hosts=["a", f"b{i}"]) for i, r in enumerate(records)
    ]
    assert sentences(stragglers(many), most=2)[-1] == (
        "More ranks are last too often: 1."
    )
