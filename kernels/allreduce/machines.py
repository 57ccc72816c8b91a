"""Machine files: the links of a machine, published or fitted, as TOML.

    name = "ABCI 1.0"           sources = ["where the figures are from"]
    measured = false            ranks_per_node = 4
    gamma_s_per_byte = 1e-11    overhead_s = 0.0    error_share = 0.0
    [intra]                     alpha_s, beta_s_per_byte, rank_ports, node_ports
    [inter]                     the same
    [[inter.protocols]]         from_bytes, alpha_s, beta_s_per_byte

tenbin brings some as published, not measured; fitting writes others.
"""

import tomllib
from dataclasses import asdict
from math import inf
from pathlib import Path

import msgspec

from tenbin.decode import blame, decode
from tenbin.errors import UsageError
from tenbin.kernels.allreduce.links import Link, Links, Protocol

BUNDLED = Path(__file__).parent / "machines"


class ProtocolTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[intra.protocols]]` table; see `links.Protocol`."""

    from_bytes: int
    alpha_s: float
    beta_s_per_byte: float


class LinkTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An `[intra]` or `[inter]` table; see `links.Link`."""

    alpha_s: float
    beta_s_per_byte: float
    rank_ports: float = 1.0
    node_ports: float = inf
    protocols: list[ProtocolTable] = []

    def link(self) -> Link:
        """Return the link; raise UsageError for a negative time or no port."""
        lines = [(self.alpha_s, self.beta_s_per_byte)]
        lines += [(p.alpha_s, p.beta_s_per_byte) for p in self.protocols]
        if min(map(min, lines)) < 0:
            raise UsageError("alpha_s and beta_s_per_byte are not negative")
        if min(self.rank_ports, self.node_ports) <= 0:
            raise UsageError("rank_ports and node_ports are more than 0")
        later = tuple(Protocol(**msgspec.to_builtins(p)) for p in self.protocols)
        if [p.from_bytes for p in later] != sorted({p.from_bytes for p in later}):
            raise UsageError("protocols: from_bytes grows from one to the next")
        return Link(
            self.alpha_s,
            self.beta_s_per_byte,
            self.rank_ports,
            self.node_ports,
            later,
        )


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

    @property
    def links(self) -> Links:
        """Return the links for `predict`."""
        with blame("intra"):
            intra = self.intra.link()
        with blame("inter"):
            inter = self.inter.link()
        return Links(
            intra, inter, self.gamma_s_per_byte, self.overhead_s, self.error_share
        )


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
        if machine.ranks_per_node < 1 or machine.gamma_s_per_byte < 0:
            raise UsageError("ranks_per_node and gamma_s_per_byte are not negative")
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
    for key in ("gamma_s_per_byte", "overhead_s", "error_share"):
        head[key] = getattr(links, key)
    lines = _pairs(head)
    for kind in ("intra", "inter"):
        table = asdict(getattr(links, kind))
        protocols = table.pop("protocols")
        lines += ["", f"[{kind}]", *_pairs(table)]
        for protocol in protocols:
            lines += ["", f"[[{kind}.protocols]]", *_pairs(protocol)]
    return "\n".join(lines) + "\n"


def _pairs(values: dict[str, object]) -> list[str]:
    def spell(value: object) -> str:
        if isinstance(value, float) and value == inf:
            return "inf"
        text = msgspec.json.encode(value).decode()  # JSON's are TOML's otherwise
        return text.replace("\x7f", "\\u007f")

    return [f"{key} = {spell(value)}" for key, value in values.items()]
