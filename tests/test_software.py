"""Software and environment: what is asked of others, and never a secret."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin.machine import environment, probe, software


def test_secrets_never_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = "hunter2-planted"
    for name in (
        *("AWS_SECRET_ACCESS_KEY", "HOME_TOKEN", "MY_PASSWORD", "SOMETHING_ELSE"),
        *("OMP_API_TOKEN", "TENBIN_SECRET", "UCX_TLS_KEY", "SLURM_JWT", "FI_PASSWD"),
        *("OMPI_MCA_credential_x", "MPICH_token", "SLURM_JOB_USER", "PBS_O_HOME"),
    ):
        monkeypatch.setenv(name, planted)
    monkeypatch.setenv("OMPI_MCA_registry", f"https://user:{planted}@host/")
    monkeypatch.setenv("UCX_NOTE", f"password={planted}")
    monkeypatch.setenv("OMP_PROC_BIND", "close")
    monkeypatch.setenv("SLURM_JOB_ID", "77")

    facts = probe()

    assert planted not in json.dumps(facts)
    assert facts["environment"]["OMP_PROC_BIND"] == "close"
    assert facts["environment"]["SLURM_JOB_ID"] == "77"


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20)))
def test_keeps_only_names_on_the_list(environ: dict[str, str]) -> None:
    kept = environment.allowed(environ)

    for name in kept:
        assert name in environment.NAMES or name.startswith(environment.PREFIXES)


def test_asks_for_mpi_without_starting_it() -> None:
    found = software.mpi()

    assert found["name"] in (*software.MPI_FAMILIES, "other")
    assert found["version"]


def test_an_absent_mpi_library_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(__import__("sys").modules, "mpi4py.MPI", raising=False)
    monkeypatch.setattr(software, "ASK_MPI", "raise RuntimeError('cannot load MPI')")

    facts = probe()

    assert "mpi" not in facts
    assert any("cannot load MPI" in line for line in facts["unknown"])


def test_a_silent_command_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "TIMEOUT_S", 0.2)

    with pytest.raises(OSError, match="did not answer"):
        software.output(["sleep", "5"])


def test_reads_the_gpus_from_nvidia_smi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "nvidia-smi"
    script.write_text("#!/bin/sh\necho 'Example H200, 143771, 580.1'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    assert software.gpus() == [
        {"name": "Example H200", "memory_bytes": 143771 * 2**20, "driver": "580.1"}
    ]


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_knows_the_revision_and_whether_it_is_dirty(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    clean = software.revision(tmp_path)
    (tmp_path / "new").touch()
    changed = software.revision(tmp_path)

    assert len(clean["commit"]) == 40
    assert (clean["dirty"], changed["dirty"]) == (False, True)
    assert changed["commit"] == clean["commit"]


def test_an_installed_package_has_no_revision(tmp_path: Path) -> None:
    assert software.revision(tmp_path) == {}
