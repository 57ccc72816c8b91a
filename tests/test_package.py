"""The package: links that resolve, and a wheel that works far from the checkout."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINKED = ("kernels", "jobs", "results", "studies")


@pytest.mark.parametrize("name", LINKED)
def test_a_folder_of_the_top_level_is_part_of_the_package(name: str) -> None:
    link = ROOT / "suite" / "tenbin" / name

    assert link.is_symlink()
    assert not Path(os.readlink(link)).is_absolute()
    assert link.resolve() == (ROOT / name).resolve()
    assert (ROOT / name).is_dir()


def run(*command: object, cwd: Path) -> str:
    words = [str(word) for word in command]
    ended = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel built from a clean clone of what is committed."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a checkout to clone")
    folder = tmp_path_factory.mktemp("wheel")
    run("git", "clone", "--quiet", "--no-hardlinks", ROOT, "clone", cwd=folder)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "wheel", "--quiet", "--no-deps", "-w", folder, "./clone", cwd=folder)
    return next(folder.glob("tenbin-*.whl"))


def test_the_wheel_holds_code_data_and_one_top_level_name(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"tenbin"}
    for part in (
        "tenbin/studies/quick.toml",
        "tenbin/py.typed",
        "tenbin/kernels/cuda/conv.cu",
        "tenbin/kernels/cuda/tile.cuh",
        "tenbin/kernels/native/_native.abi3.so",
        "tenbin/results/report/report.html.j2",
    ):
        assert part in names
    assert "cp311-abi3" in wheel.name


def test_the_installed_wheel_runs_outside_the_checkout(
    wheel: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(*pip, wheel, cwd=tmp_path)
    tenbin = python.with_name("tenbin")

    doctor = subprocess.run(
        [tenbin, "doctor"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in doctor.stderr
    assert "native" in doctor.stdout
    assert "quick" in run(tenbin, "list", cwd=tmp_path)
    assert "gemm/numpy" in run(tenbin, "run", "quick", "--dry-run", cwd=tmp_path)
