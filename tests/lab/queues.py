"""Bringing up a real queue for a test, and taking it down whatever happens."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LAB = Path(__file__).parent
UP_S = 600


def why_not() -> str:
    """Return why a lab is not brought up here, or an empty string.

    It installs Debian packages and takes minutes, so it wants to be asked for.
    """
    if os.geteuid() != 0:
        return "a lab of virtual nodes needs root"
    if shutil.which("apt-get") is None:
        return "a lab of virtual nodes needs Debian's packages"
    if not os.environ.get("TENBIN_LABS"):
        return "a real queue takes minutes: make test-lab"
    return ""


@contextmanager
def queue(name: str) -> Iterator[dict[str, str]]:
    """Yield the environment of a queue brought up by NAME/up.sh, in a short path."""
    place = tempfile.mkdtemp(prefix="tenbin-lab-")
    os.chmod(place, 0o755)
    own = {**os.environ, "TENBIN_LAB": place}
    try:
        shown = subprocess.run(
            [str(LAB / name / "up.sh")],
            stdout=subprocess.PIPE,
            text=True,
            env=own,
            timeout=UP_S,
            check=True,
        ).stdout
        yield exports(shown)
    finally:
        subprocess.run(
            [str(LAB / name / "down.sh")], env=own, timeout=UP_S, check=False
        )
        shutil.rmtree(place, ignore_errors=True)


def exports(text: str) -> dict[str, str]:
    """Return the variables that the `export` lines of a script set."""
    script = f"{text}\nenv -0"
    shown = subprocess.run(
        ["bash", "-c", script], stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    pairs = (entry.partition("=") for entry in shown.split("\0") if "=" in entry)
    return {name: value for name, _, value in pairs if os.environ.get(name) != value}
