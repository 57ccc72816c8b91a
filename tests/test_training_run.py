"""Training through the command line: studies, long courses, divergence."""

import doctest
import json
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from tenbin.kernels.training.data.sources import SOURCES
from tenbin.record import Record
from tenbin.results import store

DOCUMENTED = (
    "problem",
    "names",
    "nets",
    "schedules",
    "data.order",
    "data.glyphs",
    "layers.window",
    "layers.initialise",
)
FEW = ["--dataset=glyphs", "--net=16", "--samples=100", "--epochs=1", "--batch=50"]
TENBIN = [sys.executable, "-m", "tenbin"]

SLOW = """
import time
from tenbin.kernel import Task
from tenbin.kernels.training import KERNEL as TRAINING
from dataclasses import replace

def prepare(case, topology, options):
    return Task(run=lambda: time.sleep(2.0), repetitions=3)

KERNEL = replace(TRAINING, name="slow", prepare=prepare)
"""


def run(study: str, folder: Path) -> tuple[int, dict[str, Record]]:
    (folder / "study.toml").write_text(study)
    command = [*TENBIN, "run", str(folder / "study.toml"), "--no-report"]
    ended = subprocess.run(
        [*command, "--out", str(folder / "out")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode in {0, 1}, ended.stderr
    (found,) = store.load([folder / "out"])
    return ended.returncode, {record.variant: record for record in found.records}


def test_a_study_trains_outlives_its_timeout_and_fails_one_case(
    tmp_path: Path,
) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    study = """
        kernels = {slow = "slow.py"}
        launch = {ranks = 2, threads_per_rank = 1}
        measure = {timeout_s = 5.0}
        [[bench]]
        kernel = "slow"
        variant = "adam"
        dataset = "glyphs"
        [[bench]]
        kernel = "training"
        variant = "momentum"
        dataset = "glyphs"
        net = "16"
        batch = 25
        epochs = 2
        samples = 100
        [[bench]]
        kernel = "training"
        variant = "sgd"
        dataset = "glyphs"
        net = "16"
        batch = 25
        epochs = 2
        samples = 100
        rate = 1e30
        loss = "squared-error"
    """
    code, records = run(study, tmp_path)

    assert code == 1
    assert records["momentum"].status == "ok"
    assert len(records["momentum"].details["history"]) == 2
    assert records["sgd"].status == "failed"
    assert "diverged" in records["sgd"].reason
    assert records["adam"].status == "ok"


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    """Run `tenbin bench training` on a few glyphs."""
    return subprocess.run(
        [*TENBIN, "bench", "training", *FEW, *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_bench_takes_fractions_and_folders(tmp_path: Path) -> None:
    options = ["--rate", "0.01,1e-3", "--checkpoints", str(tmp_path)]
    ended = bench("--variant", "adam", *options, "--format", "json")

    assert ended.returncode == 0, ended.stderr
    labels = [row["problem"] for row in json.loads(ended.stdout)]
    assert ["-rate0.01-" in label for label in labels] == [True, False]
    assert "-rate0.001-" in labels[1]


def test_settings_belong_together_until_a_semicolon() -> None:
    ended = bench("--variant", "kfac", "--format", "json",
                  "--settings", "t_stats=1, t_inv=2; t_stats=3")  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    labels = [row["problem"] for row in json.loads(ended.stdout)]
    assert [label.partition("settings")[2] for label in labels] == [
        "t_stats=1,t_inv=2",
        "t_stats=3",
    ]


def test_groups_and_truths_have_options() -> None:
    ended = bench("--variant", "vogn", "--settings", "samples=2", "--mc-groups", "1,2",
                  "--ranks", "2", "--normalise", "false",
                  "--format", "json")  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    labels = [row["problem"] for row in json.loads(ended.stdout)]
    assert [label.endswith("samples=2,mc_groups=2") for label in labels] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--variant", "vogn", "--settings", "samples=2", "--mc-groups", "2"],
         "mc_groups = 2 does not divide 1 ranks"),
        (["--variant", "noisy-kfac", "--settings", "samples=3, mc_groups=3",
          "--ranks", "2"], "mc_groups = 3 does not divide 2 ranks"),
        (["--variant", "vogn", "--activation", "prelu"], "no prelu"),
        (["--variant", "siamese", "--settings", "writers=100", "--ranks", "2"],
         "100 writers need 2000 test images, not 20"),
        (["--variant", "kfac", "--settings", "damping=inf"], "damping = inf"),
        (["--variant", "vogn", "--settings", "form=sharded", "--allreduce", "tree"],
         "no allreduce to choose"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_ranks_start(
    arguments: list[str], words: str
) -> None:
    ended = bench(*arguments)

    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert words in line


def test_a_broken_file_in_the_folder_asked_for_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    for file in SOURCES["mnist"].files:
        (tmp_path / "mnist" / file).write_bytes(b"torn")
    command = [*TENBIN, "bench", "training", "--dataset", "mnist", "--variant", "sgd"]
    ended = subprocess.run(
        [*command, "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "train-images-idx3-ubyte.gz: not an IDX file" in line


def test_a_stopped_run_goes_on_with_another_rank_count(tmp_path: Path) -> None:
    kept, out = tmp_path / "kept", tmp_path / "out"
    options = ["--variant=adam", "--epochs=60", "--samples=1000", "--batch=10"]
    options += ["--checkpoints", str(kept)]
    command = [*TENBIN, "bench", "training", *FEW, *options, "--ranks", "2"]
    first = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 60.0
    while not list(kept.glob("*.npz")) and time.monotonic() < limit:
        time.sleep(0.01)
    first.send_signal(signal.SIGTERM)  # a shell may have told us to ignore SIGINT
    assert first.wait(60) == 128 + signal.SIGTERM

    ended = bench(*options, "--ranks", "1", "--out", str(out))

    assert ended.returncode == 0, ended.stderr
    (found,) = store.load([out])
    (record,) = found.records
    done = record.details["resumed_after_epoch"]
    assert done >= 1
    log = (out / "launch-0-1ranks.log").read_text()
    assert f"goes on from epoch {done + 1}" in log
    history = record.details["history"]
    assert [row["epoch"] for row in history] == list(range(1, 61))
    assert [row["ranks"][0] for row in history[: done + 1]] == [2] * (done + 1)
    assert [row["ranks"][-1] for row in history[done:]] == [1] * (60 - done)


def test_levels_that_do_not_fit_are_one_line() -> None:
    ended = bench("--variant", "semi-nmf", "--allreduce", "4x2", "--ranks", "2")

    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "4x2 needs 8 ranks, not 2" in line


@pytest.mark.parametrize("name", DOCUMENTED)
def test_examples_are_true(name: str) -> None:
    result = doctest.testmod(import_module(f"tenbin.kernels.training.{name}"))

    assert result.attempted > 0
    assert result.failed == 0
