"""A cluster in one box: network namespaces as nodes, with links of a chosen rate.

    with lab(nodes=4, rate="1gbit") as cluster:
        cluster.run(["script.py"], nodes=4, ranks_per_node=2)

Real MPI across them, over TCP; inside a node shared memory, as on a real one. Needs
root, iproute2 and MPICH's mpiexec.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn
from uuid import uuid4

from tenbin.errors import TenbinError
from tenbin.launcher import find_mpiexec, launch

HERE = Path(__file__).parent
SWITCH = "10.77.0.254"
TURN_NS = 100_000
SILENCE_S = 120.0


def missing() -> str:
    """Return why there can be no lab here, or an empty string."""
    if not sys.platform.startswith("linux"):
        return "network namespaces need Linux"
    if os.geteuid() != 0:
        return "network namespaces need root"
    absent = [name for name in ("ip", "tc", "unshare") if shutil.which(name) is None]
    if absent:
        return f"no {', '.join(absent)}: install iproute2 and util-linux"
    try:
        family = find_mpiexec().family
    except TenbinError as error:
        return str(error)
    if family != "mpich":
        return f"the lab starts ranks with MPICH's mpiexec, not that of {family}"
    name = f"tenbin-try-{uuid4().hex[:8]}"
    tried = subprocess.run(
        ["ip", "netns", "add", name], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        return f"no network namespaces here: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return ""


@dataclass(frozen=True)
class Lab:
    """A standing lab; `name` begins the names of its namespaces."""

    name: str
    nodes: int

    def shape(self, rate: str) -> None:
        """Limit every link to a rate in the words of tc, or `off`."""
        self._script("shape.sh", rate)

    def sent_bytes(self) -> list[int]:
        """Return what each node has sent over its link so far."""
        return [self._sent(node) for node in range(self.nodes)]

    def run(
        self,
        program: Sequence[str],
        ranks_per_node: int,
        nodes: int | None = None,
        silence_s: float = SILENCE_S,
    ) -> str:
        """Run a Python program on some nodes; return its output.

        Raises RuntimeError with the output where it fails, or says nothing for
        `silence_s`.
        """
        count = nodes or self.nodes
        with tempfile.TemporaryDirectory(prefix="tenbin-lab-") as folder:
            hosts, log = Path(folder) / "hosts", Path(folder) / "log"
            addresses = (f"10.77.0.{10 + i}:{ranks_per_node}" for i in range(count))
            hosts.write_text("\n".join(addresses) + "\n")
            command = self._mpiexec(hosts, count * ranks_per_node)
            python = [sys.executable, "-m", "mpi4py", *program]
            ended = launch(
                [*command, *python],
                log,
                lambda: log.stat().st_size if log.exists() else 0,
                silence_s,
            )
            text = log.read_text(errors="replace")
        if not ended.ok:
            why = "silence" if ended.timed_out else f"exit code {ended.code}"
            raise RuntimeError(f"{' '.join(program)}: {why}\n{text}")
        return text

    def _mpiexec(self, hosts: Path, ranks: int) -> list[str]:
        turns = [sys.executable, str(HERE / "slice.py"), str(TURN_NS)]
        inside = ["ip", "netns", "exec", f"{self.name}-sw"]
        setting = ["env", f"TENBIN_LAB={self.name}", "UCX_TLS=tcp,self"]
        mpiexec = [*find_mpiexec().command, "-localhost", SWITCH]
        ssh = ["-launcher", "ssh", "-launcher-exec", str(HERE / "nsrsh")]
        place = ["-f", str(hosts), "-n", str(ranks)]
        return [*turns, *inside, *setting, *mpiexec, *ssh, *place]

    def _sent(self, node: int) -> int:
        command = ["ip", "netns", "exec", f"{self.name}-n{node}", "cat"]
        answer = subprocess.run(
            [*command, "/proc/net/dev"], capture_output=True, text=True, check=True
        )
        return sent_bytes(answer.stdout)

    def _script(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [str(HERE / name), *arguments],
            env={**os.environ, "TENBIN_LAB": self.name},
            check=True,
        )


def sent_bytes(table: str, device: str = "eth0") -> int:
    """Return the bytes sent by a device, from the text of /proc/net/dev."""
    for line in table.splitlines():
        name, _, columns = line.partition(":")
        if name.strip() == device:
            return int(columns.split()[8])
    return 0


@contextmanager
def lab(nodes: int = 4, rate: str = "1gbit") -> Iterator[Lab]:
    """Set up a lab under a name of its own; take it down whatever happens."""
    built = Lab(f"tenbin-{os.getpid()}-{uuid4().hex[:6]}", nodes)
    earlier = signal.signal(signal.SIGTERM, _leave)
    try:
        built._script("up.sh", str(nodes))
        built.shape(rate)
        yield built
    finally:
        built._script("down.sh")
        signal.signal(signal.SIGTERM, earlier)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """Turn a request to end into an exception, so that the lab is taken down."""
    sys.exit(128 + number)
