"""Files that verbs write are judged before the work."""

import pytest

from tenbin.cli import main

WORK_THAT_FAILS = (
    ("allreduce", "cost", "4x2", "--machine", "abci1", "--sizes", "nonsense"),
    ("compare", "no-such-run", "nor-this"),
)


@pytest.mark.parametrize("arguments", WORK_THAT_FAILS)
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("x.jpg", "no kind of picture .jpg; choose from .png, .pdf, .svg"),
        ("/no/x.svg", "cannot write /no/x.svg: no folder /no"),
    ],
)
def test_a_picture_is_judged_first_in_one_line(
    arguments: tuple[str, ...],
    file: str,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--figure", file])

    said = capsys.readouterr()
    assert ended.value.code == 2
    assert (said.out, said.err) == ("", f"tenbin: {message}\n")
