"""A real browser, headless, that reaches nothing but the file it is given."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # the browser's own calls stay here too
    "--enable-logging=stderr",
)
DARK = "--blink-settings=preferredColorScheme=0"


def chromium(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run the browser once with a profile of its own."""
    assert CHROMIUM is not None
    return subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", *flags],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def browse(page: Path, folder: Path, *flags: str) -> tuple[str, str]:
    """Return the document after its script has run, and what the console said."""
    waiting = "--virtual-time-budget=2000"
    done = chromium(folder, waiting, *flags, "--dump-dom", page.as_uri())
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, "\n".join(console)


def drive(page: Path, folder: Path, script: str, *flags: str) -> dict[str, Any]:
    """Return what a script appended to the page leaves as JSON in the title.

    The page's own policy forbids that script, so the copy that is driven has none.
    """
    text = page.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    copy = folder / "driven.html"
    copy.write_text(f"{text}<script>{script}</script>", encoding="utf-8")
    document, console = browse(copy, folder / "user", *flags)
    found = re.search(r"<title>(\{.*?\})</title>", document)
    assert found is not None, console
    answer: dict[str, Any] = json.loads(found[1])
    return answer
