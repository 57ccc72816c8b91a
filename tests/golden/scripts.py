"""The golden job scripts: every machine on one node, on four, and with its GPUs.

    python -m tests.golden.scripts      writes them again; look at the diff

Kept is what the template became (a diff without context), and one script in full.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path

from tenbin.jobs import profile
from tenbin.jobs.render import TEMPLATES, render
from tenbin.jobs.schedulers.contract import Needs

GOLDEN = Path(__file__).parent / "jobs"
WHOLE = "generic-slurm-four"
ATTEMPT = Path("/home/user/campaign/jobs/n4/1")


def machines() -> list[str]:
    """Return the machines tenbin brings."""
    return sorted(path.stem for path in profile.MACHINES.glob("*.toml"))


def scripts() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every script."""
    for machine in machines():
        for case, nodes in (("one", 1), ("four", 4), ("gpu", 4)):
            gpus = profile.load(machine).profile.gpus_per_node
            if case == "gpu" and not gpus and machine != "generic-slurm":
                continue
            yield f"{machine}-{case}", script(machine, nodes, case == "gpu")


def script(machine: str, nodes: int, with_gpus: bool = False) -> str:
    """Return the script of one job with two points."""
    found = profile.load(machine, ["account=group1"]).profile
    per_node = found.ranks_per_node
    needs = Needs(
        name="quick-n4",
        nodes=nodes,
        ranks_per_node=per_node,
        cores_per_rank=found.cores_per_node // per_node,
        gpus_per_node=(found.gpus_per_node or 4) if with_gpus else 0,
        walltime_s=1500,
    )
    python = ["/home/user/venv/bin/python", "-m", "tenbin.jobs.point"]
    points = [[*python, f"{ATTEMPT}/n4.{launch}.json"] for launch in range(2)]
    return render(found, needs, points, ATTEMPT)


def kept(name: str, text: str) -> str:
    """Return what the golden file of a script holds."""
    if name == WHOLE:
        return text
    template = (TEMPLATES / "job.sh").read_text().splitlines(keepends=True)
    lines = difflib.unified_diff(template, text.splitlines(keepends=True), n=0)
    return "".join(line for line in list(lines)[2:] if not line.startswith("@@"))


def golden(name: str) -> Path:
    """Return where the golden file of a script lies."""
    return GOLDEN / (f"{name}.sh" if name == WHOLE else f"{name}.diff")


def main() -> None:
    """Write all golden files."""
    for old in GOLDEN.iterdir():
        old.unlink()
    for name, text in scripts():
        golden(name).write_text(kept(name, text))


if __name__ == "__main__":
    main()
