"""Machine files: the links of a machine, published or fitted, as TOML.

    name = "ABCI 1.0"           sources = ["where the figures are from"]
    measured = false            ranks_per_node = 4
    gamma_s_per_byte = 1e-11    add_s = 0.0    error_share = 0.0
    [intra]                     alpha_s, beta_s_per_byte, overhead_s,
                                rank_ports, node_ports, members, credit_bytes
    [inter]                     the same
    [[inter.protocols]]         from_bytes, alpha_s, beta_s_per_byte, overhead_s
    [[adds]]                    the same

tenbin brings some as published, not measured; fitting writes others. An `overhead_s`
above the tables is that of both links.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from math import inf
from pathlib import Path

import msgspec

from tenbin.decode import blame, decode
from tenbin.errors import UsageError
from tenbin.kernels.allreduce.links import Link, Links, Protocol

BUNDLED = Path(__file__).parent / "machines"
FIGURES = ("gamma_s_per_byte", "add_s", "error_share")
LINE = ("alpha_s", "beta_s_per_byte", "overhead_s")
COUNTED = (*LINE, "members", "credit_bytes")


class ProtocolTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An `[[intra.protocols]]` or `[[adds]]` table; see `links.Protocol`."""

    from_bytes: int
    alpha_s: float
    beta_s_per_byte: float
    overhead_s: float = 0.0


class LinkTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An `[intra]` or `[inter]` table; see `links.Link`."""

    alpha_s: float
    beta_s_per_byte: float
    rank_ports: float = 1.0
    node_ports: float = inf
    protocols: list[ProtocolTable] = []
    overhead_s: float = 0.0
    members: int = 0
    credit_bytes: float = 0.0

    def link(self) -> Link:
        """Return the link; raise UsageError for a negative time or no port."""
        if min(getattr(self, name) for name in COUNTED) < 0:
            raise UsageError(f"{', '.join(COUNTED)} are not negative")
        if min(self.rank_ports, self.node_ports) <= 0:
            raise UsageError("rank_ports and node_ports are more than 0")
        return Link(
            self.alpha_s,
            self.beta_s_per_byte,
            self.rank_ports,
            self.node_ports,
            _protocols(self.protocols),
            self.overhead_s,
            self.members,
            self.credit_bytes,
        )


def _protocols(tables: Sequence[ProtocolTable]) -> tuple[Protocol, ...]:
    """Return later lines; raise UsageError for a negative time or a wrong order."""
    if any(min(p.alpha_s, p.beta_s_per_byte, p.overhead_s) < 0 for p in tables):
        raise UsageError(f"{', '.join(LINE)} are not negative")
    later = tuple(Protocol(**msgspec.to_builtins(p)) for p in tables)
    if [p.from_bytes for p in later] != sorted({p.from_bytes for p in later}):
        raise UsageError("from_bytes grows from one line to the next")
    return later


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A machine file; `measured` says whether its figures come from running there."""

    name: str
    measured: bool
    sources: list[str]
    ranks_per_node: int
    intra: LinkTable
    inter: LinkTable
    gamma_s_per_byte: float = 0.0
    overhead_s: float = 0.0
    error_share: float = 0.0
    add_s: float = 0.0
    adds: list[ProtocolTable] = []

    @property
    def links(self) -> Links:
        """Return the links for `predict`."""
        with blame("intra"):
            intra = _with_overhead(self.intra.link(), self.overhead_s)
        with blame("inter"):
            inter = _with_overhead(self.inter.link(), self.overhead_s)
        with blame("adds"):
            adds = _protocols(self.adds)
        figures = {name: getattr(self, name) for name in FIGURES}
        return Links(intra, inter, adds=adds, **figures)


def _with_overhead(link: Link, overhead_s: float) -> Link:
    """Add what further messages cost on every link, whatever their length."""
    first, *later = (
        replace(line, overhead_s=line.overhead_s + overhead_s) for line in link.lines
    )
    return replace(link, overhead_s=first.overhead_s, protocols=tuple(later))


def load(name: str) -> Machine:
    """Return a machine: one that tenbin brings, or a TOML file.

    Raises UsageError for an unknown name, with the choices, and for a bad file.
    """
    brought = {path.stem: path for path in sorted(BUNDLED.glob("*.toml"))}
    path = Path(name) if name not in brought else brought[name]
    if not path.is_file():
        raise UsageError(f"no machine file {name}; machines: {', '.join(brought)}")
    with blame(str(name)):
        try:
            machine = decode(tomllib.loads(path.read_text()), Machine)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(str(error)) from None
        if machine.ranks_per_node < 1:
            raise UsageError("ranks_per_node is 1 at least")
        if min(getattr(machine, name) for name in (*FIGURES, "overhead_s")) < 0:
            raise UsageError(f"{', '.join(FIGURES)}, overhead_s are not negative")
        _ = machine.links  # judge them here, where the file is known
    return machine


def dump(name: str, sources: list[str], ranks_per_node: int, links: Links) -> str:
    """Return the text of a machine file for links that were measured."""
    head: dict[str, object] = {
        "name": name,
        "measured": True,
        "sources": sources,
        "ranks_per_node": ranks_per_node,
    }
    head |= {name: getattr(links, name) for name in FIGURES}
    lines = [*_pairs(head), *_tables("adds", map(asdict, links.adds))]
    for kind in ("intra", "inter"):
        table = asdict(getattr(links, kind))
        protocols = table.pop("protocols")
        lines += ["", f"[{kind}]", *_pairs(table)]
        lines += _tables(f"{kind}.protocols", protocols)
    return "\n".join(lines) + "\n"


def _tables(name: str, tables: Iterable[dict[str, object]]) -> list[str]:
    return [line for table in tables for line in ("", f"[[{name}]]", *_pairs(table))]


def _pairs(values: dict[str, object]) -> list[str]:
    def spell(value: object) -> str:
        if isinstance(value, float) and value == inf:
            return "inf"
        text = msgspec.json.encode(value).decode()  # JSON's are TOML's otherwise
        return text.replace("\x7f", "\\u007f")

    return [f"{key} = {spell(value)}" for key, value in values.items()]
