"""A study file is decoded strictly and expanded once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin.errors import UsageError
from tenbin.expand import Expansion, expand
from tenbin.study import BUNDLED, find_study, load_study
from tenbin.units import format_bytes, parse_bytes, parse_sizes

CONV = '[[bench]]\nkernel = "conv"\npreset = "lenet-5"\nvariant = "im2col"\n'
GEMM = '[[bench]]\nkernel = "gemm"\npreset = "smoke"\nvariant = "numpy"\n'
ALLREDUCE = '[[bench]]\nkernel = "allreduce"\nsizes = "1KiB:4KiB"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text)
    return path


def expand_text(folder: Path, text: str, *settings: str) -> Expansion:
    path = write(folder, text)
    return expand(load_study(path, settings), str(path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[launch]\nrank = 2\n" + GEMM, ["launch", "rank", "ranks_per_node"]),
        ('[launch]\nranks = "two"\n' + GEMM, ["launch.ranks", "int", "two"]),
        ("[launch]\nranks = 0\n" + GEMM, ["launch.ranks", "positive", "0"]),
        ("[measure]\nbudget_s = -1.0\n" + GEMM, ["measure.budget_s", "-1"]),
        ('[measure]\nstart = "now"\n' + GEMM, ["measure.start", "now"]),
        ('[[bench]]\nkernel = "gem"\n', ["bench.0", "kernel", "gemm, conv"]),
        ('[[bench]]\npreset = "smoke"\n', ["bench.0", "kernel"]),
        (GEMM + "mm = 3\n", ["bench.0", "mm", "transpose"]),
        (GEMM.replace("numpy", "nmpy"), ["bench.0", "variant", "nmpy", "reference"]),
        (GEMM.replace("smoke", "smoky"), ["bench.0", "preset", "deepbench-train"]),
        (GEMM + 'dtype = "float33"\n', ["bench.0", "dtype", "float33", "float32"]),
        (GEMM + 'scaling = "big"\n', ["bench.0", "scaling", "big", "strong"]),
        ('[[bench]]\nkernel = "gemm"\n', ["bench.0", "preset", "m, n, k"]),
        (ALLREDUCE.replace("1KiB:4KiB", "12 parsecs"), ["bench.0", "12 parsecs"]),
        (ALLREDUCE.replace("1KiB:4KiB", "4KiB:1KiB"), ["bench.0", "4KiB:1KiB"]),
        (CONV + "n = ['x']\n", ["bench.0", "n[0]", "int", "'x'"]),
        (CONV + 'cold = "weights"\n', ["n is missing", "keys beside a preset"]),
        ("bench = []\n", ["bench", "nothing to measure"]),
        ("[launch\n", ["not TOML"]),
        ("[[bench]]\nkernel = 3\n", ["bench.0", "kernel"]),
        ("bench = 3\n", ["bench", "array"]),
    ],
)
def test_bad_input_is_one_line_with_file_key_and_choices(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    with pytest.raises(UsageError) as error:
        expand_text(tmp_path, text)

    message = str(error.value)
    assert "\n" not in message
    for word in ["study.toml", *words]:
        assert word in message


def test_an_algorithm_that_fits_no_rank_count_is_an_error(tmp_path: Path) -> None:
    text = "[launch]\nranks = [2, 4]\n" + ALLREDUCE + 'variant = "4x2"\n'

    with pytest.raises(UsageError, match=r"variant.*4x2.*8 ranks"):
        expand_text(tmp_path, text)


def test_an_algorithm_runs_where_it_fits_and_is_declined_elsewhere(
    tmp_path: Path,
) -> None:
    text = "[launch]\nranks = [2, 4]\n" + ALLREDUCE + 'variant = ["flat", "2x2"]\n'

    expansion = expand_text(tmp_path, text)

    assert {c.ranks for c in expansion.cases if c.variant == "2x2"} == {4}
    assert all("2x2" in reason for _, reason in expansion.declined)


def test_every_sweep_is_a_product(tmp_path: Path) -> None:
    text = (
        "[launch]\nranks = [1, 2]\n"
        '[[bench]]\nkernel = "gemm"\nm = [64, 128]\nn = 32\nk = [8, 16]\n'
        'variant = ["numpy", "reference"]\ndtype = ["float32", "float64"]\n'
        'scaling = ["strong", "weak"]\n'
    )

    assert len(expand_text(tmp_path, text).cases) == 2 * 2 * 2 * 2 * 2 * 2


def test_equal_cases_are_measured_once(tmp_path: Path) -> None:
    once = expand_text(tmp_path, GEMM)

    twice = expand_text(tmp_path, GEMM + GEMM)

    assert twice.cases == once.cases


@pytest.mark.parametrize(
    ("setting", "seen"),
    [
        ("launch.ranks=[2,4]", {2, 4}),
        ("launch.ranks=3", {3}),
        ("bench.0.ranks=5", {5}),
    ],
)
def test_a_setting_overrides_the_file(
    tmp_path: Path, setting: str, seen: set[int]
) -> None:
    expansion = expand_text(tmp_path, GEMM, setting)

    assert {case.ranks for case in expansion.cases} == seen


@pytest.mark.parametrize("setting", ["launch.ranks", "=3", "bench.7.ranks=1"])
def test_a_bad_setting_says_so(tmp_path: Path, setting: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        load_study(write(tmp_path, GEMM), [setting])


def test_ranks_must_fill_their_nodes(tmp_path: Path) -> None:
    text = "[launch]\nranks = 3\nranks_per_node = 2\n" + GEMM

    with pytest.raises(UsageError, match="do not fill nodes of 2"):
        expand_text(tmp_path, text)


def test_the_fingerprint_changes_with_what_is_measured(tmp_path: Path) -> None:
    path = write(tmp_path, GEMM)

    same = load_study(path).fingerprint == load_study(path).fingerprint
    other = load_study(path, ["measure.budget_s=0.5"]).fingerprint

    assert same
    assert other != load_study(path).fingerprint


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.toml")), ids=lambda p: p.stem)
def test_every_bundled_study_expands(path: Path) -> None:
    elsewhere = path.stem.endswith(("-gpu", "-full"))  # a GPU, all of MNIST
    assert expand(load_study(path), here=not elsewhere).cases


def test_an_unknown_study_lists_the_bundled_ones() -> None:
    with pytest.raises(UsageError, match="quick"):
        find_study("quik")


@given(st.integers(min_value=0, max_value=2**40))
def test_sizes_in_bytes_mean_themselves(size: int) -> None:
    assert parse_bytes(str(size)) == size
    assert parse_bytes(f"{size}B") == size


@pytest.mark.parametrize(
    ("spec", "sizes"),
    [
        ("1KiB:8KiB", (1024, 2048, 4096, 8192)),
        ("8B:1KiB:8", (8, 64, 512)),
        ("1KiB,3MiB", (1024, 3 * 2**20)),
        (["8", "1.5KiB"], (8, 1536)),
        (12, (12,)),
    ],
)
def test_sizes_take_ranges_and_lists(
    spec: str | int | list[str | int], sizes: tuple[int, ...]
) -> None:
    assert parse_sizes(spec) == sizes


@pytest.mark.parametrize(
    "text", ["", "-1", "1kb", "1.5B", "KiB", "1:2:3:4", "8:1KiB:1", "0:8", "1:8:x"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_sizes(text)


@given(st.integers(min_value=1, max_value=2**45))
def test_a_printed_size_keeps_three_digits(size: int) -> None:
    shown = format_bytes(size)
    number = "".join(c for c in shown if c.isdigit() or c == ".")
    unit = shown.removeprefix(number)

    scale = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit]
    assert float(number) * scale == pytest.approx(size, rel=0.006)
