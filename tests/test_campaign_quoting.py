"""Whatever a user names things, it is quoted or refused, and never executed."""

import string
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tenbin.errors import UsageError
from tenbin.jobs.campaign import create
from tenbin.jobs.ladder import spell_out
from tenbin.jobs.plan import first_attempts
from tenbin.jobs.profile import Profile, load
from tenbin.jobs.submit import job_name, prepare, script
from tests.campaigns import create_campaign

NASTY = [
    "$(touch pwned)", "`touch pwned`", "a; touch pwned", "a\ntouch pwned\n", "-rf",
    "--help", "a b", "'", '"', "\\", "größe", "日本", "%j", "$HOME", "*", "x" * 300,
    "a\n#SBATCH --wrap=pwned", "../../x", "a\x00b", "\u202egnp", "~", "!!", "&", "|",
    "@{folder}", "${nodes}", "{nodes}", "a=b,c", "#", "\t",
]  # fmt: skip
words = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=40),
    st.text(string.punctuation + " \n", min_size=1, max_size=12),
)
names = words.filter(lambda word: "/" not in word and word not in ("", ".", ".."))
calm = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def rendered(root: Path, machine: str = "generic-slurm", **wish: Any) -> str:
    campaign = create_campaign([2], machine=load(machine).profile, **wish)
    ladder = spell_out(campaign)
    (attempt,) = first_attempts(ladder)
    return script(campaign, attempt, root.absolute() / "jobs" / "n2" / "1")


def parses(text: str) -> bool:
    """Return whether bash reads the script without running any of it."""
    return (
        subprocess.run(["bash", "-n"], input=text.encode(), check=False).returncode == 0
    )


@calm
@given(name=words)
def test_job_names_are_plain_for_every_scheduler(name: str) -> None:
    found = job_name(create_campaign(name=name), "n1024")

    assert len(found) <= 15
    assert found[0].isalpha()
    assert found.endswith("-n1024")
    assert set(found) <= set(string.ascii_letters + string.digits + "_-")


@calm
@given(name=words)
def test_study_names_change_nothing_but_the_job_name(name: str, tmp_path: Path) -> None:
    plain = rendered(tmp_path, name="plain").splitlines()
    found = rendered(tmp_path, name=name).splitlines()

    changed = [line for line, known in zip(found, plain, strict=True) if line != known]
    assert all("--job-name=" in line for line in changed)


@calm
@given(queue=words, account=words)
@example(queue="short", account="tga-x")
def test_queues_and_accounts_are_plain_or_refused(
    queue: str, account: str, tmp_path: Path
) -> None:
    try:
        text = rendered(tmp_path, queue=queue, account=account)
    except UsageError:
        return

    allowed = set(string.ascii_letters + string.digits + "_.:@+/-")
    assert set(queue + account) <= allowed
    assert not queue.startswith("-")
    assert not account.startswith("-")
    assert parses(text)


@calm
@given(line=words)
@example(line="--exclusive")
def test_a_directive_stays_one_comment_line_or_is_refused(
    line: str, tmp_path: Path
) -> None:
    before = rendered(tmp_path).splitlines()
    try:
        after = rendered(tmp_path, extra=(line,)).splitlines()
    except UsageError:
        return

    added = [text for text in after if text not in before]
    assert len(after) == len(before) + 1
    assert all(text.startswith("#SBATCH -") for text in added)


def stub(folder: Path) -> Path:
    """Return a Python that only notes its arguments, each ended by a NUL."""
    path = folder / "python"
    path.write_text(
        f'#!/bin/sh\nprintf "%s\\0" "$@" >> "{folder}/arguments"\n'
        f'printf "\\n" >> "{folder}/arguments"\n'
    )
    path.chmod(0o755)
    return path


@settings(max_examples=15, deadline=None)
@given(name=names)
@example(name="$(touch pwned)")
@example(name="a b'c\"d")
@example(name="größe ☃ -x")
def test_scripts_of_a_strange_folder_run_what_they_should(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("q")
    machine = Profile(name="m", scheduler="local", python=str(stub(place)))
    root = place / name
    try:
        campaign = create(root, create_campaign([1], machine=machine))
    except UsageError:
        assert not root.exists()
        return
    except (OSError, ValueError, UnicodeError):
        return  # no file system takes such a name
    (attempt,) = first_attempts(spell_out(campaign))
    folder = prepare(root, campaign, attempt)

    ended = subprocess.run(
        ["bash", "./script.sh"],
        cwd=folder,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    calls = (place / "arguments").read_text().split("\0\n")
    point = calls[-2].split("\0")
    assert point == ["-m", "tenbin.jobs.point", str(folder.absolute() / "n1.0.json")]
    assert not list(place.rglob("pwned"))


def test_no_secret_enters_a_script_or_what_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_TOKEN", "hunter2-token")
    monkeypatch.setenv("DB_PASSWORD", "hunter2-password")
    campaign = create(tmp_path / "c", create_campaign([1]))
    (attempt,) = first_attempts(spell_out(campaign))

    prepare(tmp_path / "c", campaign, attempt)

    for path in (tmp_path / "c").rglob("*"):
        if path.is_file():
            assert b"hunter2" not in path.read_bytes(), path


def test_the_campaign_file_reads_back_any_words(tmp_path: Path) -> None:
    for number, word in enumerate(NASTY):
        campaign = create_campaign(name=word, queue=word, extra=(word,))
        folder = tmp_path / str(number)

        assert create(folder, campaign) == create(folder, campaign)
        assert msgspec.json.decode((folder / "campaign.json").read_bytes())
