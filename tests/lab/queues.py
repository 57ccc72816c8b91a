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


def why_not(*packages: str) -> str:
    """Return why a lab cannot be brought up here, or an empty string.

    TENBIN_LAB set: it may install what is missing. Else the packages must be there.
    """
    if os.geteuid() != 0:
        return "a lab of virtual nodes needs root"
    if os.environ.get("TENBIN_LAB"):
        return ""
    missing = [package for package in packages if not _installed(package)]
    if missing:
        return f"set TENBIN_LAB=1 to install {', '.join(missing)}"
    return ""


def _installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return "ok installed" in shown.stdout


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
