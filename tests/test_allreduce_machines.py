from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.errors import UsageError
from tenbin.kernels.allreduce.links import Link, Links, Protocol
from tenbin.kernels.allreduce.machines import BUNDLED, Machine, dump, load

GOOD = """
name = "lab"
measured = true
sources = ["this test"]
ranks_per_node = 2
[intra]
alpha_s = 1e-6
beta_s_per_byte = 1e-10
[inter]
alpha_s = 2e-6
beta_s_per_byte = 1e-9
node_ports = 2
"""
ADDS = "[[adds]]\nfrom_bytes = {}\nalpha_s = {}\nbeta_s_per_byte = 0\n"
BROUGHT = sorted(path.stem for path in BUNDLED.glob("*.toml"))

positive = st.floats(0, 1.0)
ports = st.sampled_from([1.0, 2.5, float("inf")])
protocols = st.lists(
    st.builds(Protocol, st.integers(1, 2**40), positive, positive, positive),
    max_size=3,
    unique_by=lambda protocol: protocol.from_bytes,
).map(lambda found: tuple(sorted(found, key=lambda p: p.from_bytes)))
link = st.builds(
    Link,
    *(positive, positive, ports, ports),
    *(protocols, positive, st.integers(0, 8), positive),
)


def load_text(text: str, tmp_path: Path) -> Machine:
    path = tmp_path / "lab.toml"
    path.write_text(text)
    return load(str(path))


@pytest.mark.parametrize("name", BROUGHT)
def test_published_machines_say_that_nobody_measured_them(name: str) -> None:
    machine = load(name)

    assert not machine.measured
    assert len(machine.sources) >= 2
    assert machine.links.error_share == 0.0
    assert machine.links.inter.beta_s_per_byte > machine.links.intra.beta_s_per_byte


def test_the_machines_of_the_issue_are_there() -> None:
    assert BROUGHT == ["abci1", "fugaku", "tsubame3"]


@settings(deadline=None)
@given(link, link, positive, positive, protocols, st.text(max_size=20))
def test_what_is_written_is_read_back(
    intra: Link,
    inter: Link,
    gamma: float,
    error: float,
    adds: tuple[Protocol, ...],
    source: str,
) -> None:
    import tempfile

    links = Links(intra, inter, gamma, error, gamma / 2, adds)
    with tempfile.TemporaryDirectory() as folder:
        machine = load_text(dump("lab", [source], 4, links), Path(folder))

    assert machine.links == links
    assert machine.measured
    assert machine.sources == [source]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("node_ports", "ports", r"lab.toml: inter: unknown key ports; choose from .*"),
        ("alpha_s = 2e-6", "", "inter: object missing required field alpha_s"),
        ("1e-9", "-1e-9", "inter: alpha_s, beta_s_per_byte, .* are not negative"),
        ("node_ports = 2", "node_ports = 0", "inter: rank_ports and node_ports"),
        ("measured = true", 'measured = "yes"', "measured: expected bool"),
        ("ranks_per_node = 2", "ranks_per_node = 0", "ranks_per_node"),
        ("[intra]", "add_s = -1\n[intra]", "add_s, .* are not negative"),
        ("[intra]", ADDS.format(4, -1) + "[intra]", "adds: alpha_s, beta_s"),
        ("[intra]", ADDS.format(0, 0) * 2 + "[intra]", "adds: from_bytes grows"),
        ("name =", "name", "lab.toml: "),
    ],
)
def test_a_bad_machine_file_is_blamed_by_key(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        load_text(GOOD.replace(old, new), tmp_path)


def test_an_overhead_above_the_tables_is_that_of_both_links(tmp_path: Path) -> None:
    protocols = "[[inter.protocols]]\nfrom_bytes = 4\nalpha_s = 1\n"
    text = GOOD + protocols + "beta_s_per_byte = 1\noverhead_s = 2e-7\n"

    links = load_text("overhead_s = 1e-7\n" + text, tmp_path).links

    assert links.intra.overhead(8) == pytest.approx(1e-7)
    assert links.inter.overhead([1, 8]) == pytest.approx([1e-7, 3e-7])


def test_an_unknown_machine_lists_the_choices() -> None:
    with pytest.raises(UsageError, match="no machine file k; machines: abci1, fugaku"):
        load("k")
