"""Only rank 0 speaks, unless another rank fails."""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mpi4py import MPI


@pytest.fixture(scope="session")
def world() -> MPI.Comm:
    return MPI.COMM_WORLD


@pytest.fixture(autouse=True)
def in_step() -> Iterator[None]:
    """Start and end each test together, so that a slow rank blames its own test."""
    yield
    MPI.COMM_WORLD.Barrier()


@pytest.hookimpl(trylast=True)  # once there is a reporter
def pytest_configure(config: pytest.Config) -> None:
    _own_folder()
    if MPI.COMM_WORLD.rank == 0:
        return
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter._tw._file = io.StringIO()


def _own_folder() -> None:
    """Give each rank's temporary files a root: cleaning up one, ranks would collide."""
    if given := os.environ.get("PYTEST_DEBUG_TEMPROOT"):
        root = Path(given) / f"rank-{MPI.COMM_WORLD.rank}"
        root.mkdir(exist_ok=True)
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(root)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if MPI.COMM_WORLD.rank == 0 or exitstatus == 0:
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.summary_failures()
        sys.stderr.write(reporter._tw._file.getvalue())
