"""Fake schedulers: real commands on the PATH that keep their state in a folder."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("fake_queue.py")
COMMANDS = {
    "slurm": ("sbatch", "squeue", "sacct", "scancel"),
    "pbs": ("qsub", "qstat", "qdel"),
    "gridengine": ("qsub", "qstat", "qdel", "qacct", "qconf"),
    "pjm": ("pjsub", "pjstat", "pjdel"),
}


@dataclass(frozen=True)
class FakeQueue:
    """A fake scheduler that is on the PATH now."""

    family: str
    folder: Path

    def spoil(self, command: str, kind: str, count: int = 1) -> None:
        """Make the next calls of a command go wrong."""
        with (self.folder / "faults").open("a") as faults:
            faults.write(f"{command} {kind} {count}\n")

    def forget(self, job: str) -> None:
        """Make a job vanish from the queue and from the books."""
        (self.folder / f"{job.partition('.')[0]}.job").unlink()

    @property
    def calls(self) -> list[str]:
        """Return every command line so far."""
        return (self.folder / "calls").read_text().splitlines()


def install(family: str, folder: Path, patch: pytest.MonkeyPatch) -> FakeQueue:
    """Put a fake scheduler first on the PATH for as long as the test runs."""
    bin_folder, queue = folder / "bin", folder / "queue"
    bin_folder.mkdir()
    queue.mkdir()
    (queue / "faults").touch()
    (queue / "calls").touch()
    for name in COMMANDS[family]:
        path = bin_folder / name
        path.write_text(f"#!{sys.executable}\n" + SCRIPT.read_text().partition("\n")[2])
        path.chmod(0o755)
    patch.setenv("PATH", str(bin_folder), prepend=":")
    patch.setenv("FAKE_QUEUE", str(queue))
    patch.setenv("FAKE_FAMILY", family)
    patch.delenv("SGE_ROOT", raising=False)
    return FakeQueue(family, queue)
