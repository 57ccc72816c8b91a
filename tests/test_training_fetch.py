"""Fetching data sets from a server on this machine, with a fault at a time."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenbin.cli import cli
from tenbin.errors import TenbinError, UsageError
from tenbin.kernels.training.data import fetch, sources
from tenbin.kernels.training.data.sources import Source

CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT, spoilt as the first folder of the address says."""

    def do_GET(self) -> None:
        fault = self.path.split("/")[1]
        if fault == "missing":
            self.send_error(404)
            return
        body = CONTENT[:-1] + b"!" if fault == "wrong" else CONTENT
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:100] if fault == "truncated" else body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


def source(server: str, *faults: str) -> Source:
    mirrors = tuple(f"{server}/{fault}/" for fault in faults)
    return Source("a test", mirrors, {"one.gz": SHA256})


def silent(done: int, total: int, text: str) -> None:
    pass


def test_a_file_comes_whole_and_is_not_fetched_twice(
    server: str, tmp_path: Path
) -> None:
    assert fetch.fetch("x", tmp_path, silent, source(server, "good")) == 1
    assert (tmp_path / "x" / "one.gz").read_bytes() == CONTENT
    assert fetch.fetch("x", tmp_path, silent, source(server, "missing")) == 0


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("missing", "HTTP 404"),
        ("wrong", "wrong SHA-256"),
        ("truncated", "truncated: 100 bytes of 10240|broken transfer"),
    ],
)
def test_a_fault_is_told_and_leaves_no_file(
    server: str, tmp_path: Path, fault: str, message: str
) -> None:
    with pytest.raises(TenbinError, match=message) as caught:
        fetch.fetch("x", tmp_path, silent, source(server, fault))

    assert "one.gz" in str(caught.value)
    assert list((tmp_path / "x").iterdir()) == []


def test_the_next_mirror_is_tried(server: str, tmp_path: Path) -> None:
    mirrors = source(server, "missing", "wrong", "truncated", "good")

    assert fetch.fetch("x", tmp_path, silent, mirrors) == 1


def test_a_broken_file_is_replaced(server: str, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "one.gz").write_bytes(b"torn")

    assert fetch.fetch("x", tmp_path, silent, source(server, "good")) == 1


def test_nobody_listening_is_one_line(tmp_path: Path) -> None:
    nobody = Source("a test", ("http://127.0.0.1:9/",), {"one.gz": SHA256})

    with pytest.raises(TenbinError, match="refused"):
        fetch.fetch("x", tmp_path, silent, nobody)


def test_the_command_fetches_and_says_where(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sources.SOURCES, "mnist", source(server, "good"))
    arguments = ["data", "fetch", "mnist", "--data-dir", str(tmp_path)]

    result = CliRunner().invoke(cli, arguments)

    assert result.exit_code == 0, result.output
    assert "1 files fetched" in result.stderr
    assert (tmp_path / "mnist" / "one.gz").exists()


def test_an_unknown_set_and_a_bad_folder_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no data set to fetch glyphs"):
        fetch.fetch("glyphs", tmp_path, silent)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"Not a directory|File exists"):
        fetch.fetch("mnist", tmp_path / "file", silent)


def test_every_source_has_hashes_and_mirrors() -> None:
    for one in sources.SOURCES.values():
        assert one.mirrors
        assert all(len(sha256) == 64 for sha256 in one.files.values())
        assert all(mirror.endswith("/") for mirror in one.mirrors)
