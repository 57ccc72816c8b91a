"""The verbs about one algorithm, as a user calls them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tenbin import device
from tenbin.cli.allreduce import VERBS, command
from tenbin.cli.allreduce.own_ranks import Place, call_on_ranks, error_of
from tenbin.errors import NoDataError, TenbinError, UsageError
from tenbin.kernels.allreduce.machines import load
from tenbin.launcher import Ended
from tenbin.results import store

JSON = ("--format", "json")
TWO = ("--ranks", "2")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def shown(*arguments: str) -> str:
    result = call(*arguments)
    assert result.exception is None, result.output
    return result.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    assert "Usage:" in shown(verb, "--help")


def test_show_prints_steps_bytes_and_time() -> None:
    text = shown("show", "4x2")

    assert text.startswith("4x2: 8 ranks on 2 nodes of 4, 8 rounds, 8 chunks")
    assert "0-2       8         1/4 n             inside          add" in text
    assert "between nodes        2 n" in text
    assert "level 1, of 4        12 n" in text
    assert "level 2, of 2        2 n" in text
    assert "6 alpha_intra + 3/2 n beta_intra + 2 alpha_inter" in text


def test_show_predicts_the_time_on_a_machine() -> None:
    text = shown("show", "4x2", "--machine", "abci1", "--size", "4MiB")

    assert re.search(r"[0-9.]+ us for 4MiB, by its bytes at least [0-9.]+ us", text)


def test_show_writes_what_is_asked_for(tmp_path: Path) -> None:
    paths = {name: tmp_path / f"a.{name}" for name in ("svg", "goal", "msccl")}

    options = [word for name, path in paths.items() for word in (f"--{name}", path)]
    shown("show", "tree/4", "--ranks", "6", *map(str, options))

    starts = {"svg": "<svg", "goal": "num_ranks 6", "msccl": '<algo name="tree/4"'}
    for name, path in paths.items():
        assert path.read_text().startswith(starts[name])


def test_prove_says_how_and_tries_the_rounding() -> None:
    text = shown("prove", "leader:3x2")

    assert "proved by exact contribution counts" in text
    assert [line.split()[0] for line in text.splitlines()[-3:]] == [
        "float32",
        "float16",
        "bfloat16",
    ]


@pytest.mark.parametrize(
    ("arguments", "how"),
    [
        (("16x8",), "random words modulo two primes"),
        (("8x8/4",), "exact contribution counts"),
        (("2/999",), "exact contribution counts"),
        (("5x13",), "random words modulo two primes"),
    ],
)
def test_up_to_64_ranks_contributions_are_counted(
    arguments: tuple[str, ...], how: str
) -> None:
    assert f"proved by {how}" in shown("prove", *arguments)


def test_a_search_says_which_baseline_it_could_not_measure(tmp_path: Path) -> None:
    least = ["--most", "1", "--rounds", "1", "--budget", "0.01", "-s", "4KiB"]
    options = ["--machine", "abci1", "--dtype", "bfloat16", *least]

    result = call("search", *TWO, *options, "--out", str(tmp_path / "run"), *JSON)

    assert result.exception is None, result.output
    assert "library was not measured: MPI has no bfloat16" in result.stderr
    (run,) = store.load([tmp_path / "run"])
    flat = next(record for record in run.records if record.variant == "flat")
    assert (flat.dtype, flat.message_bytes) == ("bfloat16", 4096)
    assert flat.details["predicted_s"] > 0.0


def test_cost_extrapolates_to_nodes_nobody_has() -> None:
    text = shown(
        *("cost", "two-level", "tree/16", "--nodes", "512"),
        *("--machine", "abci1", "-s", "1MiB"),
    )

    assert "two-level: 2048 ranks on 512 nodes of 4" in text
    assert "tree/16: 2048 ranks on 512 nodes of 4" in text
    assert "published figures, not measured" in text


def test_a_fitted_machine_gives_a_band(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(
        'name = "lab"\nmeasured = true\nsources = ["fit"]\nranks_per_node = 2\n'
        "error_share = 0.1\n[intra]\nalpha_s = 1e-6\nbeta_s_per_byte = 1e-10\n"
        "[inter]\nalpha_s = 1e-5\nbeta_s_per_byte = 1e-9\n"
    )
    options = ("--machine", str(path), "-s", "1MiB")

    (row,) = json.loads(shown("cost", "2x2", *options, "--format", "json")).popitem()[1]

    assert row["low_s"] == pytest.approx(0.9 * row["time_s"])
    assert row["high_s"] == pytest.approx(1.1 * row["time_s"])
    assert 0 < row["bound_fraction"] < 1
    assert "from" in shown("cost", "2x2", *options)


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_cost_draws_a_line_and_its_band(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"band{suffix}"

    options = ("--nodes", "512", "--machine", "abci1", "-s", "1KiB:1MiB:32")
    shown("cost", "two-level", "doubling", *options, "--figure", str(path))

    text = path.read_bytes()
    if suffix == ".svg":
        assert all(word in text for word in (b"two-level", b"doubling", b"512 nodes"))
    assert len(text) > 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "4x2", "--ranks", "6"), "4x2 needs 8 ranks, not 6"),
        (("show", "flat"), "flat follows the machine: give --ranks or --nodes"),
        (("show", "library"), "no schedule"),
        (("show", "lib:4x2"), "lib:4x2 is run by the MPI library"),
        (("show", "nonsense"), "choose from library, "),
        (("show", "4x2", "--ranks-per-node", "3"), "no whole number of nodes of 3"),
        (("show", "4x2@3"), "multiple of 3, not 4"),
        (("show", "4x2", "--nodes", "3", "--ranks", "8"), "3 nodes of 4 are not 8"),
        (("show", "4x2", "--svg", "/"), "cannot write /|is a directory"),
        (("cost", "4x2"), "cost needs a --machine: abci1"),
        (("cost", "4", "--machine", "abci1", "--figure", "/no/a.svg"), "no folder /no"),
        (("cost", "4", "--machine", "abci1", "--figure", "a.gif"), "kind of picture"),
        (("cost", "4x2", "--machine", "k"), "machines: abci1, fugaku, tsubame3"),
    ],
)
def test_bad_input_is_one_line_with_the_choices(
    arguments: tuple[str, ...], message: str
) -> None:
    result = call(*arguments)

    text = str(result.exception) + result.output
    assert isinstance(result.exception, UsageError | SystemExit)
    assert re.search(message, text)


def test_fit_measures_the_links_and_writes_a_machine(tmp_path: Path) -> None:
    path = tmp_path / "here.toml"

    rows = json.loads(shown("fit", "--ranks", "2", "--out", str(path), *JSON))

    assert [row["link"] for row in rows if row["from_bytes"] == 0] == ["intra", "inter"]
    assert all(row["alpha_s"] > 0 and 1.0 <= row["rank_ports"] <= 2.0 for row in rows)
    assert "error" not in json.dumps(rows)
    assert load(str(path)).links.error_share > 0.0
    text = shown("cost", "2", "--machine", str(path), "-s", "1MiB")
    assert "2 ranks on 1 node of 2" in text


def test_overlap_leaves_records_and_prints_their_ratios(tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ("--ranks", "2", "-s", "4KiB", "--repetitions", "3", "--out", str(out))

    (row,) = json.loads(shown("overlap", "flat", *options, *JSON))

    (run,) = store.load([out])
    (record,) = run.records
    assert record.kernel == "overlap"
    assert row["both_s"] * 1e9 == np.median(record.details["both_ns"])


def test_a_search_measures_what_is_predicted_and_what_is_not(tmp_path: Path) -> None:
    out = tmp_path / "run"
    least = ["--most", "1", "--rounds", "1", "--budget", "0.02"]
    options = ["--machine", "abci1", "-s", "4KiB", *least]

    rows = json.loads(
        shown("search", "--ranks", "2", *options, "--out", str(out), *JSON)
    )

    found = {row["algorithm"] for row in rows}
    assert {"library", "lib:flat", "flat", "shm:2", "shm-copy:2"} <= found
    assert any(row["front"] for row in rows)
    assert {row["algorithm"] for row in rows if row["of bound"].endswith("%")} >= {
        "flat"
    }
    (run,) = store.load([out])
    predicted = {r.variant for r in run.records if "predicted_s" in r.details}
    assert "flat" in predicted
    assert all(r.details["bound_s"] > 0 for r in run.records if r.variant in predicted)
    assert not predicted & {"library", "lib:flat", "shm:2", "shm-copy:2"}


ONE_EACH = (*TWO, "--ranks-per-node", "1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fit",), "allreduce needs 2 ranks"),
        (("fit", "--ranks", "1"), "at least 2 ranks"),
        (("fit", "--ranks", "3", "--ranks-per-node", "2"), "does not fill nodes of 2"),
        (("fit", *TWO, "--ranks-per-node", "0"), "does not fill nodes of 0"),
        (("fit", *TWO, "--out", "/no/such.toml"), "no folder /no"),
        (("overlap", "--ranks", "3", "--ranks-per-node", "2"), "does not fill"),
        (("overlap", *TWO, "-s", "12parsecs"), "12parsecs"),
        (("overlap", "foo", *TWO), "choose from library, "),
        (("overlap", "2x2", *TWO), "2x2 needs 4 ranks, not 2"),
        (("overlap", "flat", *TWO, "-s", "7B"), "no whole number of float32"),
        (("trace", "2", *TWO, "--out", "/no/such.json"), "no folder /no"),
        (("trace", "2x2", "--ranks", "3"), "2x2 needs 4 ranks, not 3"),
        (("trace", "2", *TWO, "--size", "3B"), "no whole number of float32"),
        (("trace", "lib:2", *TWO), "run by a library: it has no steps to see"),
        (("trace", "library", *TWO), "run by a library: it has no steps to see"),
        (("search", *TWO, "--machine", "nope"), "machines: abci1, fugaku"),
        (("search", *TWO, "-s", "7B"), "no whole number of float32"),
        (("search", *ONE_EACH, "--nodes", "1"), "node counts are 2 to 2"),
        (("search", *TWO, "--nodes", "1,x"), "node counts are 1 to 1"),
        (("search", "--ranks", "4096", "--dtype", "float16"), "no exact sum"),
    ],
)
def test_verbs_that_measure_judge_what_is_asked_first(
    arguments: tuple[str, ...], message: str
) -> None:
    result = call(*arguments)

    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)


@pytest.mark.parametrize("variant", ["cuda:2", "cuda-library", "nccl:2"])
@pytest.mark.skipif(not device.missing(), reason="there is a GPU")
def test_a_missing_gpu_is_one_line(variant: str) -> None:
    for verb in ("overlap", "trace"):
        assert "no GPU" in str(call(verb, variant, *TWO).exception)


@pytest.mark.parametrize(
    "option", ["--launches=0", "--most=-1", "--rounds=0", "--budget=0", "--dtype=int4"]
)
def test_a_search_of_nothing_is_a_matter_of_usage(option: str) -> None:
    result = call("search", *TWO, option)

    assert result.exit_code == 2
    assert option.partition("=")[0] in result.output


@pytest.mark.parametrize(
    ("code", "output", "kind", "message"),
    [
        (
            2,
            ("tenbin: no such thing", "Abort(2) on node 0"),
            UsageError,
            "no such thing",
        ),
        (5, ("tenbin: nothing was measured",), NoDataError, "nothing was measured"),
        (1, ("tenbin: first", "tenbin: last", "bye"), TenbinError, "last"),
        (9, ("killed",), TenbinError, "the ranks ended (9): killed"),
        (9, (), TenbinError, "the ranks ended (9): no output"),
    ],
)
def test_what_ranks_say_is_what_a_user_reads(
    code: int, output: tuple[str, ...], kind: type[TenbinError], message: str
) -> None:
    error = error_of(Ended(code, timed_out=False, output=output))

    assert (type(error), str(error)) == (kind, message)


def test_the_errors_of_ranks_pass_their_exit_code_on(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^4x2 needs 8 ranks, not 2$"):
        call_on_ranks(Place(2, 2), "overlap", "4x2", options={"out": tmp_path / "run"})


@pytest.mark.parametrize("variant", ["2", "shm:2"])
def test_a_trace_tells_who_was_last(variant: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"

    text = shown("trace", variant, *TWO, "--size", "4KiB", "--out", str(path))

    assert "entered last in" in text
    assert "left last in" in text
    assert text.endswith(f"wrote {path}\n")
    assert json.loads(path.read_text())["traceEvents"]


def test_nothing_is_printed_before_a_file_that_cannot_be_written() -> None:
    result = call("show", "4x2", "--svg", "/nope/x.svg")

    assert isinstance(result.exception, UsageError)
    assert result.stdout == ""
