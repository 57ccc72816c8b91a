"""How far a course of training is, as a run and its bar tell it."""

from pathlib import Path

from tenbin import job
from tenbin.kernels.training.progress import Reporter


def test_a_run_tells_how_far_a_course_is(tmp_path: Path) -> None:
    job.note_in_flight(tmp_path, 2, "training/adam", 6, 10, 4)

    flight = job.read_in_flight(tmp_path)

    assert flight is not None
    assert flight.told == "training/adam (resumed after 4, 6 of 10 done)"
    assert flight.place == 2 + 6 / 11
    job.note_in_flight(tmp_path, 3, "gemm/native")
    after = job.read_in_flight(tmp_path)
    assert after is not None
    assert (after.told, after.place) == ("gemm/native", 3.0)


def test_a_finished_course_is_not_yet_the_next_case() -> None:
    flight = job.InFlight(number=2, case="training/adam", repetition=5, repetitions=5)

    assert 2 < flight.place < 3


def test_progress_counts_steps_of_all_epochs() -> None:
    seen: list[tuple[int, int, str]] = []
    report = Reporter(3, lambda *drawn: seen.append(drawn))

    report(2, 4, 10)
    report(2, 5, 10)  # too soon to be drawn

    assert seen == [(14, 30, "epoch 2")]
