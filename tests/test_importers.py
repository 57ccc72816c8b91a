"""Importers keep what a tool says, invent nothing, and name the line of what is wrong.

The outputs under samples/benchmarks are written after the formats that the tools
document; no number in them was measured.
"""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenbin.cli.import_ import command
from tenbin.errors import UsageError
from tenbin.record import Record
from tenbin.results import store, table
from tenbin.results.importers import IMPORTERS, detect_format, read_output
from tenbin.results.importers.point import Given
from tenbin.results.importers.text import UnreadableError, read_text, to_text
from tenbin.results.importers.write import import_files
from tenbin.results.report import write_report

SAMPLES = Path(__file__).parent / "samples" / "benchmarks"
EIGHT = Given(ranks=8)
CSV = Given(
    kernel="allreduce",
    mapping=(
        ("Library", "variant"),
        ("np", "ranks"),
        ("Message (KiB)", "size"),
        ("Time [us]", "time"),
    ),
    units=(("size", "KiB"), ("time", "us")),
)
FILES = {
    "osu_latency_3.1.txt": Given(),
    "osu_bw_5.6.txt": Given(),
    "osu_bibw_7.5.txt": Given(),
    "osu_allreduce_5.8.txt": EIGHT,
    "osu_allreduce_7.4_full.txt": EIGHT,
    "osu_allgather_7.0_cuda.txt": EIGHT,
    "osu_barrier_6.2.txt": EIGHT,
    "osu_mbw_mr_7.4.txt": Given(),
    "osu_iallreduce_5.9.txt": EIGHT,
    "osu_put_latency_7.2.txt": Given(),
    "nccl_allreduce_2.10.txt": Given(kernel="all_reduce"),
    "nccl_allreduce_2.13.txt": Given(kernel="allreduce"),
    "nccl_allgather_2.14_unchecked.txt": Given(kernel="all_gather"),
    "nccl_allreduce_2.17.txt": Given(),
    "nccl_reduce_scatter_2.18_iterations.txt": Given(),
    "nccl_allreduce_v1.json": Given(),
    "nccl_allreduce_v2_iterations.json": Given(),
    "imb_pingpong_2021.txt": Given(),
    "imb_allreduce_2019.txt": Given(),
    "imb_sendrecv_4.0.txt": Given(),
    "imb_iallreduce_2018.txt": Given(),
    "google_benchmark_1.3.json": Given(),
    "google_benchmark_1.8.json": Given(),
    "table.csv": CSV,
}


def records_of(name: str, given: Given | None = None) -> list[Record]:
    given = FILES[name] if given is None else given
    return read_output(read_text(SAMPLES / name), given).records


def rows_of(text: str) -> list[list[str]]:
    """Return the words of the lines that are rows of numbers."""
    lines = [line.split() for line in text.splitlines()]
    return [
        words
        for words in lines
        if words and re.fullmatch(r"\d[\d.]*", words[0]) and words[-1] != "ms"
    ]


def test_every_sample_is_tried() -> None:
    assert set(FILES) == {path.name for path in SAMPLES.iterdir()}
    assert len(FILES) >= 20


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".txt")])
def test_no_number_of_a_table_is_lost(name: str) -> None:
    records = records_of(name)

    kept = {
        str(value) if isinstance(value, str) else f"{value:.12g}"
        for record in records
        if record.summary
        for value in [*record.summary.reported.values(), *record.problem.values()]
    }
    failed = " ".join(record.reason for record in records)
    for words in rows_of((SAMPLES / name).read_text()):
        for word in words:
            number = re.fullmatch(r"\d+(\.\d+)?(e[-+]\d+)?", word)
            key = f"{float(word):.12g}" if number else word
            assert key in kept or word in failed or "out-of-mem.;" in words


@pytest.mark.parametrize("name", FILES)
def test_what_is_not_reported_stays_empty(name: str) -> None:
    for record in records_of(name):
        assert record.samples is None
        assert record.flags == ["imported"]
        if record.check is not None:
            assert record.check.error is None
            assert record.check.repetitions == 0
        if "nccl" not in name and "google" not in name:
            assert (record.nodes, record.ranks_per_node, record.hosts) == (0, 0, [])


@pytest.mark.parametrize("name", [name for name in FILES if name != "table.csv"])
def test_the_content_tells_the_format(name: str) -> None:
    form = detect_format(read_text(SAMPLES / name), Given())

    assert form in IMPORTERS
    assert name.startswith(form.split("-")[0])


def test_an_osu_row_becomes_a_record() -> None:
    record = records_of("osu_allreduce_7.4_full.txt")[0]

    assert (record.kernel, record.variant, record.dtype) == (
        "allreduce",
        "OSU",
        "int32",
    )
    assert (record.ranks, record.message_bytes, record.label) == (8, 4, "4B")
    assert record.check is not None
    assert record.check.ok
    summary = record.summary
    assert summary is not None
    told = [summary.reported[f"{name} Latency(us)"] for name in ("Min", "Avg", "Max")]
    times = (summary.min_s, summary.mean_s, summary.max_s)
    assert times == tuple(float(time) / 1e6 for time in told)
    assert (summary.repetitions, summary.median_s, summary.times_s) == (1000, None, [])


def test_a_bandwidth_is_no_time() -> None:
    record = records_of("osu_bw_5.6.txt")[0]

    assert record.valid
    assert record.ranks == 2
    assert record.summary is not None
    assert record.summary.mean_s is None
    told = record.summary.reported["Bandwidth (MB/s)"]
    assert record.summary.byte_per_s == float(told) * 1e6


def test_the_shared_buffer_counts_in_whole() -> None:
    osu = records_of("osu_allgather_7.0_cuda.txt")[0]
    nccl = records_of("nccl_allgather_2.14_unchecked.txt")[2]

    assert (osu.problem["size_bytes"], osu.message_bytes) == (4, 32)
    assert nccl.message_bytes == 4 * 8 * nccl.problem["count"]
    assert nccl.check is None
    assert osu.variant == "OSU cuda"


def test_nccl_tests_tell_where_the_ranks_were() -> None:
    record = records_of("nccl_allreduce_2.13.txt")[0]

    assert (record.ranks, record.ranks_per_node, record.nodes) == (16, 8, 2)
    assert record.hosts == ["node0"] * 8 + ["node1"] * 8
    assert record.variant == "NCCL"
    assert records_of("nccl_allreduce_2.13.txt")[1].variant == "NCCL in place"


def test_single_times_are_kept_and_the_environment_is_not() -> None:
    output = read_output(
        read_text(SAMPLES / "nccl_allreduce_v2_iterations.json"), Given()
    )

    summary = output.records[0].summary
    assert summary is not None
    assert len(summary.times_s) == 6
    assert summary.median_s == sorted(summary.times_s)[3]
    assert "SECRET" not in str(output)


def test_an_imb_row_without_memory_is_a_failed_record() -> None:
    failed = [r for r in records_of("imb_allreduce_2019.txt") if not r.valid]

    assert [(r.status, r.ranks, r.message_bytes) for r in failed] == [
        ("failed", 8, 2**24)
    ]
    assert failed[0].reason.startswith("out-of-mem: needed X=")


def test_google_benchmark_keeps_repetitions_and_aggregates() -> None:
    first = records_of("google_benchmark_1.8.json")[0]

    assert (first.kernel, first.label, first.ranks) == ("BM_Copy", "1024", 1)
    assert first.summary is not None
    assert len(first.summary.times_s) == 3
    assert first.summary.median_s == sorted(first.summary.times_s)[1]
    assert first.summary.reported["bytes_per_second"] == 1e9


def test_rows_of_a_csv_that_agree_are_repetitions() -> None:
    records = records_of("table.csv")

    assert len(records) == 12
    assert {record.message_bytes for record in records} == {1024, 65536, 2**20}
    assert all(
        record.summary and len(record.summary.times_s) == 3 for record in records
    )


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        (
            "osu_allreduce_5.8.txt",
            Given(),
            r"5\.8\.txt:4: .* how many ranks .* --ranks",
        ),
        ("osu_bw_5.6.txt", EIGHT, "2 ranks, but --ranks is 8"),
        ("nccl_allreduce_2.13.txt", Given(), "which operation: give --kernel"),
        ("nccl_allreduce_2.13.txt", Given(kernel="all_gather"), "not 2 elements|algbw"),
        ("nccl_allreduce_2.17.txt", Given(kernel="reduce"), "it is all_reduce"),
        ("nccl_allreduce_2.17.txt", Given(dtype="float32"), "dtype float16, but"),
        ("table.csv", Given(), "of no format that is known; give --format"),
        ("imb_sendrecv_4.0.txt", Given(ranks_per_node=3), "4 ranks are not 3"),
    ],
)
def test_says_what_it_must_be_told(name: str, given: Given, message: str) -> None:
    with pytest.raises(UnreadableError, match=message):
        records_of(name, given)


@pytest.mark.parametrize(
    ("units", "mapping", "message"),
    [
        ((("size", "KiB"),), CSV.mapping, "--unit time=...: say one of s, ms, us, ns"),
        ((("size", "KiB"), ("time", "h")), CSV.mapping, "no unit h; choose from s"),
        (CSV.units, (("np", "rank"),), "no field rank; choose from time"),
        (CSV.units, (*CSV.mapping, ("np", "launch")), "a column or a field twice"),
    ],
)
def test_a_map_of_a_csv_is_checked(
    units: tuple[tuple[str, str], ...],
    mapping: tuple[tuple[str, str], ...],
    message: str,
) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        records_of("table.csv", Given(kernel="x", mapping=mapping, units=units))


def test_files_of_one_test_are_launches(tmp_path: Path) -> None:
    first = SAMPLES / "osu_allreduce_5.8.txt"
    second = tmp_path / "again.txt"
    second.write_text(first.read_text().replace("2.60", "2.61"))

    import_files([first, second], tmp_path / "run", EIGHT, machine="cluster")
    cases = table.cases(table.launches(store.load([tmp_path / "run"])))

    assert set(cases["launches"]) == {2}
    assert set(cases["statistic"]) == {"mean"}
    assert set(cases["machine"]) == {"cluster"}


def test_a_report_marks_what_is_imported(tmp_path: Path) -> None:
    for name in ("osu_allreduce_5.8.txt", "osu_bw_5.6.txt", "imb_allreduce_2019.txt"):
        import_files([SAMPLES / name], tmp_path / name, FILES[name])

    page = write_report(store.load([tmp_path]), tmp_path / "report").read_text()

    assert "Hollow: imported, not measured by tenbin" in page
    assert "imported from" in page


def test_nothing_is_written_for_a_broken_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.txt"
    broken.write_text((SAMPLES / "osu_allreduce_5.8.txt").read_text()[:-3])

    with pytest.raises(UnreadableError, match=r"broken\.txt:22: "):
        import_files([SAMPLES / "osu_barrier_6.2.txt", broken], tmp_path / "run", EIGHT)

    assert not (tmp_path / "run").exists()


def test_the_command_names_what_it_found(tmp_path: Path) -> None:
    options = ["--out", str(tmp_path / "run"), "--ranks", "8", "--variant", "OpenMPI"]
    sample = str(SAMPLES / "osu_allreduce_5.8.txt")

    ended = CliRunner().invoke(command, [sample, *options], standalone_mode=False)

    assert ended.exception is None
    assert "19 points of OSU Micro-Benchmarks 5.8" in ended.output
    assert {r.variant for r in store.read_run(tmp_path / "run").records} == {"OpenMPI"}
    again = CliRunner().invoke(command, [sample, *options], standalone_mode=False)
    assert isinstance(again.exception, UsageError)


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"\xff\xfe#", b"{", b"\n" * 50])
def test_what_is_no_output_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"x\.txt"):
        read_output(to_text("x.txt", data), Given())
