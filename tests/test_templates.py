"""Job scripts are valid shell, say what is expected, and run nothing a user wrote."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.errors import UsageError
from tenbin.jobs import profile, sentinel
from tenbin.jobs.render import TEMPLATES, render, word
from tenbin.jobs.schedulers.contract import Needs
from tests.golden import scripts as golden

SCRIPTS = dict(golden.scripts())
LOCAL = profile.load("local").profile
ONE = Needs(name="one", nodes=1, ranks_per_node=1)
PYTHON = [sys.executable, "-m", "timeit", "-n", "1", "-r", "1"]


def check_shell(text: str) -> None:
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)


def lint_shell(text: str) -> str:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    command = ["shellcheck", "-"]
    return subprocess.run(
        command, input=text, text=True, capture_output=True, check=False
    ).stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_renders_what_the_golden_file_says(name: str) -> None:
    assert golden.kept(name, SCRIPTS[name]) == golden.golden(name).read_text()


def test_has_no_golden_file_too_many() -> None:
    expected = {golden.golden(name).name for name in SCRIPTS}
    assert {path.name for path in golden.GOLDEN.iterdir()} == expected


@pytest.mark.parametrize("name", SCRIPTS)
def test_is_clean_shell_after_rendering(name: str) -> None:
    check_shell(SCRIPTS[name])
    assert lint_shell(SCRIPTS[name]) == ""


def test_is_clean_shell_before_rendering() -> None:
    for path in TEMPLATES.glob("*.sh"):
        check_shell(path.read_text())
        assert lint_shell(path.read_text()) == ""


def create_script(
    folder: Path, *statements: str, needs: Needs = ONE, before: str = ""
) -> subprocess.Popen[bytes]:
    """Start the script of a local job that runs Python statements."""
    commands = [[*PYTHON, statement] for statement in statements]
    text = render(LOCAL, needs, commands, folder).replace(
        "set +u\n", f"set +u\n{before}\n", 1
    )
    path = folder / "script.sh"
    path.write_text(text)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(["bash", str(path)], cwd=folder, env=environment)


def wait_until_measuring(folder: Path, limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        log = folder / "job.log"
        if log.exists() and "timeit" in log.read_text():
            time.sleep(0.5)
            return
        time.sleep(0.1)
    raise AssertionError("the script does not come to its measurement")


def test_leaves_word_of_a_good_end(tmp_path: Path) -> None:
    assert create_script(tmp_path, "pass", "pass").wait(60) == 0

    said = sentinel.read(tmp_path)

    assert said.exit_code == 0
    assert said.started_s is not None
    assert said.started_s <= (said.finished_s or 0)
    assert said.limit_s == ONE.walltime_s
    assert "census: 1 ranks" in (tmp_path / "job.log").read_text()


def test_runs_the_other_points_after_one_that_fails(tmp_path: Path) -> None:
    statements = ["import os; os._exit(3)", "print('second')"]
    assert create_script(tmp_path, *statements).wait(60) == 3

    assert sentinel.read(tmp_path).exit_code == 3
    assert "second" in (tmp_path / "job.log").read_text()


@pytest.mark.parametrize("name", ["TERM", "USR1", "USR2", "XCPU"])
def test_leaves_word_of_the_signal_that_ends_it(tmp_path: Path, name: str) -> None:
    process = create_script(tmp_path, "import time; time.sleep(60)")
    wait_until_measuring(tmp_path)

    process.send_signal(signal.Signals[f"SIG{name}"])

    number = signal.Signals[f"SIG{name}"].value
    assert process.wait(20) == 128 + number
    said = sentinel.read(tmp_path)
    assert (said.exit_code, said.signal) == (128 + number, name)


def test_ends_in_time_to_leave_word_of_it(tmp_path: Path) -> None:
    needs = Needs(name="one", nodes=1, ranks_per_node=1, walltime_s=8)
    process = create_script(tmp_path, "import time; time.sleep(60)", needs=needs)

    assert process.wait(30) == 124
    said = sentinel.read(tmp_path)
    assert said.exit_code == 124
    assert (said.finished_s or 0) - (said.started_s or 0) < 8.5


def test_measures_nothing_in_the_wrong_number_of_worlds(tmp_path: Path) -> None:
    needs = Needs(name="two", nodes=1, ranks_per_node=2)
    launcher = tmp_path / "launcher"
    launcher.write_text('#!/bin/bash\nshift 2\nexec "$@"\n')  # ignores -n 2
    launcher.chmod(0o755)
    worlds = f"launcher={launcher}"

    assert create_script(tmp_path, "print('hot')", needs=needs, before=worlds).wait(60)

    said = sentinel.read(tmp_path)
    assert said.exit_code == 70
    assert "one world of 2 ranks" in said.reason
    assert "timeit" not in (tmp_path / "job.log").read_text()


def test_says_its_last_word_in_valid_json(tmp_path: Path) -> None:
    tricky = 'fail "quote \\" back\\\\slash $(echo x) \n newline"'
    create_script(tmp_path, "pass", before=tricky).wait(60)

    reason = json.loads((tmp_path / "finished.json").read_text())["reason"]
    assert reason.startswith("quote  backslash x")


UGLY = [
    "a b", "it's", 'say "no"', "$(touch pwned)", "`touch pwned`", "größe", "x" * 200,
    "; touch pwned", "-rf", "a\\b", "*", "~root", "@{nodes}", "${HOME}", "!!", "#",
]  # fmt: skip


@pytest.mark.parametrize("ugly", UGLY)
def test_runs_in_a_folder_of_any_name(tmp_path: Path, ugly: str) -> None:
    folder = tmp_path / ugly
    folder.mkdir()

    assert create_script(folder, f"print({ugly!r})").wait(60) == 0

    assert ugly in (folder / "job.log").read_text()
    assert sentinel.read(folder).exit_code == 0
    assert not list(tmp_path.rglob("pwned"))


@settings(max_examples=300)
@given(st.text(max_size=300))
def test_words_are_quoted_or_refused(text: str) -> None:
    try:
        quoted = word(text)
    except UsageError:
        assert not text.isprintable()
    else:
        assert shlex.split(quoted) == [text]


@pytest.mark.parametrize("text", ["a\nb", "\x00", "\x1b[2J", "x" * 5000])
def test_refuses_what_no_script_can_hold(text: str) -> None:
    with pytest.raises(UsageError, match="cannot stand in a script"):
        render(LOCAL, ONE, [[*PYTHON, text]], Path("/a"))


@pytest.mark.parametrize(
    "value", ["a b", "a'b", "$(x)", "-x", "größe", "x\ny", "x" * 300]
)
@pytest.mark.parametrize("key", ["queue", "account"])
def test_refuses_a_queue_or_account_that_is_no_plain_word(key: str, value: str) -> None:
    slurm = profile.load("generic-slurm").profile
    queue, account = (value, "") if key == "queue" else ("", value)
    needs = Needs("x", 1, 1, queue=queue, account=account)
    with pytest.raises(UsageError, match=key):
        render(slurm, needs, [[*PYTHON, "pass"]], Path("/a"))


def test_takes_a_whole_template_of_the_user(tmp_path: Path) -> None:
    own = tmp_path / "own.sh"
    own.write_text(
        "#!/bin/bash\r\n@{directives}\r\necho me@site.org ${HOME} @{nodes}\r\n"
    )

    text = render(LOCAL, ONE, [[*PYTHON, "pass"]], Path("/a"), own)

    assert text.endswith("echo me@site.org ${HOME} 1\n")
    assert "\r" not in text


def test_names_the_choices_for_a_hole_it_does_not_know(tmp_path: Path) -> None:
    own = tmp_path / "own.sh"
    own.write_text("#!/bin/bash\n@{nods}\n")
    with pytest.raises(
        UsageError, match=r"no @\{nods\}; choose from directives.*nodes"
    ):
        render(LOCAL, ONE, [[*PYTHON, "pass"]], Path("/a"), own)


def test_secrets_of_the_client_do_not_enter_the_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_TOKEN", "s3cret")
    for machine in golden.machines():
        assert "s3cret" not in golden.script(machine, 1)
