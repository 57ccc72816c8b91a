"""The doctor: a finding for every part, advice for every warning."""

from pathlib import Path

import pytest

from tenbin.machine import Finding, cores_allowed, doctor, software


def test_the_doctor_has_advice_for_every_warning() -> None:
    findings = doctor()

    assert any(finding.what.startswith("native module") for finding in findings)
    assert any(finding.what.startswith("MPI library") for finding in findings)
    for finding in findings:
        assert finding.level == "ok" or finding.advice or "not known" in finding.what


def test_the_doctor_survives_an_empty_machine(tmp_path: Path) -> None:
    findings = doctor(tmp_path)

    assert any("shared memory: not known" in finding.what for finding in findings)


def test_the_doctor_sees_what_dead_ranks_left(tmp_path: Path) -> None:
    shm = tmp_path / "dev/shm"
    shm.mkdir(parents=True)
    for name in ("mpich_shm_1a2b", "else"):
        (shm / name).touch()

    findings = doctor(tmp_path)

    advice = "remove them if no MPI program is running"
    what = "/dev/shm: 1 MPI segments, such as mpich_shm_1a2b"
    assert Finding("warn", what, advice) in findings


def test_the_doctor_warns_of_blas_kernels_that_the_environment_chooses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")

    (found,) = (each for each in doctor() if "OPENBLAS_CORETYPE" in each.what)

    assert (found.level, found.advice) == (
        "warn",
        "unset OPENBLAS_CORETYPE: NumPy may be faster",
    )


def test_the_doctor_warns_of_too_many_blas_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = {"name": "openblas", "version": "1", "architecture": "X", "threads": 4096}
    monkeypatch.setattr(software, "blas", lambda: [pool])

    (finding,) = [each for each in doctor() if each.what.startswith("BLAS")]

    assert finding.level == "warn"
    assert finding.advice == f"export OMP_NUM_THREADS={cores_allowed()}"
