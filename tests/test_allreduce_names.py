import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.case import Case
from tenbin.errors import UsageError
from tenbin.kernels.allreduce import ALGORITHMS, KERNEL
from tenbin.kernels.allreduce.names import canonical, parse
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.kernels.allreduce.prove import prove


def case(
    variant: str,
    ranks: int,
    ranks_per_node: int,
    dtype: str = "float32",
    message_bytes: int = 1024,
) -> Case:
    problem = AllreduceProblem(message_bytes)
    return Case("allreduce", variant, dtype, problem, ranks, ranks_per_node)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("library", "library"),
        (" Library ", "library"),
        ("flat", "flat"),
        ("Two-Level", "two-level"),
        ("4x2", "4x2"),
        ("4X2", "4x2"),
        ("04x2", "4x2"),
        ("4rx2r", "4x2"),
        ("12", "12"),
        ("4Dx2H", "4dx2h"),
        ("leader", "leader:two-level"),
        ("Leader:4x2d/8@2", "leader:4x2d/8@2"),
        ("tree/1", "tree"),
        ("swing@1", "swing@1"),
        ("lib-leader:4x2", "lib-leader:4x2"),
    ],
)
def test_a_name_has_one_spelling(text: str, name: str) -> None:
    assert canonical(text) == name
    assert canonical(name) == name


levels = st.lists(
    st.tuples(st.integers(2, 99), st.sampled_from(["", "r", "d", "h"])),
    min_size=1,
    max_size=4,
).map(lambda found: "x".join(f"{size}{letter}" for size, letter in found))


@settings(deadline=None)
@given(
    st.sampled_from(["", "leader:", "full:"]),
    st.one_of(levels, st.sampled_from(["flat", "two-level"])),
    st.sampled_from(["", "/1", "/8"]),
    st.sampled_from(["", "@1", "@4"]),
)
def test_any_name_is_read_back_from_its_spelling(
    form: str, shape: str, segments: str, block: str
) -> None:
    name = parse(form + shape + segments + block)

    assert parse(str(name)) == name
    assert str(name).count("/") == (segments == "/8")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4x",
        "x4",
        "4*2",
        "trees",
        "4x2x",
        "-4x2",
        "a:b",
        ":4x2",
        "leader:tree",
        "4.5",
    ],
)
def test_an_unknown_name_lists_the_choices(text: str) -> None:
    with pytest.raises(
        UsageError, match="library, flat, two-level, levels such as 4x2"
    ):
        canonical(text)


def test_an_unknown_pattern_lists_the_letters() -> None:
    with pytest.raises(
        UsageError, match=r"no level pattern in '4qx2': q; .* r \(ring\)"
    ):
        canonical("4qx2")


@pytest.mark.parametrize("text", ["4x2/0", "4x2/", "4x2@0", "4x2@1/2", "/8", "@1"])
def test_segments_and_blocks_are_at_least_one_and_in_this_order(text: str) -> None:
    with pytest.raises(UsageError, match="choose from"):
        parse(text)


@pytest.mark.parametrize("text", ["lib:4x2/2", "lib:4dx2"])
def test_what_the_library_chooses_is_not_in_a_name(text: str) -> None:
    with pytest.raises(UsageError, match="chooses patterns and segments itself"):
        parse(text)


def test_blocks_deal_ranks_to_the_nodes_in_turns() -> None:
    assert parse("8@1").places(8, 4).tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    assert parse("8@2").places(8, 4).tolist() == [0, 1, 4, 5, 2, 3, 6, 7]
    assert parse("8").places(8, 4).tolist() == list(range(8))


def test_a_schedule_has_its_name_with_levels() -> None:
    assert parse("leader/2@1").schedule(8, 4).name == "leader:4x2/2@1"
    assert parse("two-level").schedule(8, 4).name == "4x2"
    assert parse("tree/8").schedule(8, 4).name == "tree/8"


@pytest.mark.parametrize("text", ["1", "4x1", "0x2"])
def test_a_level_has_two_ranks(text: str) -> None:
    with pytest.raises(UsageError, match="at least 2 ranks"):
        canonical(text)


def test_shapes_follow_the_machine() -> None:
    assert parse("flat").levels(8, 4) == (8,)
    assert parse("two-level").levels(8, 4) == (4, 2)
    assert parse("2x2x2").levels(8, 4) == (2, 2, 2)


@pytest.mark.parametrize("text", ["flat", "two-level@2", "2dx4h", "leader", "full/3"])
def test_a_named_schedule_is_an_allreduce(text: str) -> None:
    schedule = parse(text).schedule(8, 4)

    assert schedule.ranks == 8
    assert prove(schedule).ok


@pytest.mark.parametrize(
    ("variant", "ranks", "ranks_per_node", "reason"),
    [
        ("4x2", 4, 4, "4x2 needs 8 ranks, not 4"),
        ("two-level", 4, 4, "two-level needs 2 nodes of 2 ranks, not 1 of 4"),
        ("two-level", 3, 1, "two-level needs 2 nodes of 2 ranks, not 3 of 1"),
        ("flat", 1, 1, "allreduce needs 2 ranks"),
        ("library", 1, 1, "allreduce needs 2 ranks"),
        ("4x2@3", 8, 4, "4x2@3 needs ranks per node that are a multiple of 3, not 4"),
        ("lib:4x2", 4, 4, "lib:4x2 needs 8 ranks, not 4"),
        ("4x2", 8, 8, ""),
        ("two-level", 4, 2, ""),
        ("flat", 3, 3, ""),
        ("library", 2, 2, ""),
    ],
)
def test_a_case_that_does_not_fit_is_declined(
    variant: str, ranks: int, ranks_per_node: int, reason: str
) -> None:
    assert KERNEL.decline(case(variant, ranks, ranks_per_node)) == reason


def test_a_message_of_broken_elements_is_declined() -> None:
    odd = case("flat", 2, 2, message_bytes=1001)

    assert KERNEL.decline(odd) == "1001 bytes are no whole number of float32"


def test_a_sum_that_is_not_exact_is_declined() -> None:
    many = case("flat", 4096, 4, dtype="float16")

    assert KERNEL.decline(many) == "float16 has no exact sum over 4096 ranks"


def test_the_kernel_lists_its_algorithms() -> None:
    assert list(ALGORITHMS) == ["library", "flat", "two-level"]
    assert all(KERNEL.variant(name) == name for name in ALGORITHMS)
    assert all(ALGORITHMS.values())
    assert KERNEL.variant("2X2") == "2x2"
