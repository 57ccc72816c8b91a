"""10,000 damaged outputs: each is refused by name, or says nothing that is not true.

A digit changed inside a number, a name spelt as another name, or two values of a row
exchanged that are not bound by each other, cannot be noticed by anybody; all other
damage is tried: lines and words lost, doubled, exchanged, columns gone or moved, points
and signs lost, units changed, the end cut off.
"""

import random
import re
from collections.abc import Callable

import pytest

from tenbin.record import Record
from tenbin.results.importers import read_output
from tenbin.results.importers.text import UnreadableError, to_text
from tests.test_importers import FILES, SAMPLES

EACH = 440  # of 24 files
UNITS = (("(us)", "(ms)"), ("[usec]", "[msec]"), ("MB/s", "GB/s"), ("GB/s", "MB/s"),
         ("Mbytes", "Gbytes"), ("(B)", "(KB)"), ('"ns"', '"us"'), ('"us"', '"ms"'),
         ("_us", "_ms"), ("KiB", "MiB"))  # fmt: skip
Mutation = Callable[[str, random.Random], str]


def on_lines(change: Callable[[list[str], random.Random], None]) -> Mutation:
    def mutate(text: str, rng: random.Random) -> str:
        lines = text.split("\n")
        change(lines, rng)
        return "\n".join(lines)

    return mutate


def any_line(lines: list[str], rng: random.Random) -> int:
    return rng.choice([i for i, line in enumerate(lines) if line.strip()])


def delete_line(lines: list[str], rng: random.Random) -> None:
    del lines[any_line(lines, rng)]


def delete_lines(lines: list[str], rng: random.Random) -> None:
    start = any_line(lines, rng)
    del lines[start : start + rng.randint(2, 9)]


def double_line(lines: list[str], rng: random.Random) -> None:
    place = any_line(lines, rng)
    lines.insert(place, lines[place])


def swap_lines(lines: list[str], rng: random.Random) -> None:
    a = any_line(lines, rng)
    b = min(a + rng.randint(1, 5), len(lines) - 1)
    lines[a], lines[b] = lines[b], lines[a]


def join_lines(lines: list[str], rng: random.Random) -> None:
    place = rng.randrange(len(lines) - 1)
    lines[place : place + 2] = ["".join(lines[place : place + 2])]


def words_of(line: str) -> list[str]:
    return re.split(r"(\s+)", line)


def change_words(lines: list[str], rng: random.Random, what: str) -> None:
    place = any_line(lines, rng)
    words = words_of(lines[place])
    full = [i for i, word in enumerate(words) if word.strip()]
    a, b = rng.choice(full), rng.choice(full)
    if what == "delete":
        words[a] = ""
    elif what == "double":
        words[a] += " " + words[a]
    else:
        words[a], words[b] = words[b], words[a]
    lines[place] = "".join(words)


def change_column(lines: list[str], rng: random.Random, what: str) -> None:
    rows = [i for i, line in enumerate(lines) if re.match(r"\s*\d[\d.]*\s", line)]
    count = min((len(lines[i].split()) for i in rows), default=0)
    if count < 2:
        return
    a, b = rng.sample(range(count), 2)
    for i in rows:
        words = words_of(lines[i])
        full = [j for j, word in enumerate(words) if word.strip()]
        if what in ("delete", "double"):
            words[full[a]] = "" if what == "delete" else words[full[a]] * 2
        else:
            words[full[a]], words[full[b]] = words[full[b]], words[full[a]]
        lines[i] = "".join(words)


def change_character(text: str, rng: random.Random) -> str:
    places = [i for i, c in enumerate(text) if not c.isalnum() or rng.random() < 0.05]
    place = rng.choice([i for i in places if not text[i].isdigit()])
    return (
        text[:place] + rng.choice(["", "", " ", ".", "-", "e", "#"]) + text[place + 1 :]
    )


def insert_character(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text))
    return text[:place] + rng.choice(' .-,e#"\t\n') + text[place:]


def cut_off(text: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text))]


def change_unit(text: str, rng: random.Random) -> str:
    known = [pair for pair in UNITS if pair[0] in text]
    if not known:
        return cut_off(text, rng)
    before, after = rng.choice(known)
    return text.replace(before, after, 1)


SWAPS: list[Mutation] = [
    on_lines(lambda lines, rng: change_words(lines, rng, "swap")),
    on_lines(lambda lines, rng: change_column(lines, rng, "swap")),
]
MUTATIONS: list[Mutation] = [
    *SWAPS,
    on_lines(delete_line),
    on_lines(delete_lines),
    on_lines(double_line),
    on_lines(swap_lines),
    on_lines(join_lines),
    *(
        on_lines(lambda lines, rng, what=what, change=change: change(lines, rng, what))  # type: ignore[misc]
        for what in ("delete", "double")
        for change in (change_words, change_column)
    ),
    change_character,
    insert_character,
    cut_off,
    change_unit,
]
NO_SWAP = [one for one in MUTATIONS if one not in SWAPS]
BLIND = {
    "table.csv": [cut_off, on_lines(join_lines), on_lines(delete_line)],
    # time and rate in one row are symmetric: their product is the size
    "imb_pingpong_2021.txt": NO_SWAP,
    "imb_sendrecv_4.0.txt": NO_SWAP,
    # a mean and percentiles do not bind each other
    "osu_put_latency_7.2.txt": NO_SWAP,
    "nccl_reduce_scatter_2.18_iterations.txt": NO_SWAP,
}


FEWER = ("table.csv", "google_benchmark_1.3.json")  # a repetition less stays unseen


def numbers(values: object) -> set[object]:
    if isinstance(values, tuple):
        return set().union(*(numbers(value) for value in values))
    return set() if values is None else {values}


def said(record: Record) -> tuple[object, ...]:
    summary = record.summary
    numbers = () if summary is None else (
        summary.mean_s, summary.median_s, summary.min_s, summary.max_s,
        tuple(sorted(summary.times_s)), summary.byte_per_s,
    )  # fmt: skip
    return (record.status, record.message_bytes, *numbers)


def key(record: Record) -> tuple[object, ...]:
    return (record.kernel, record.variant, record.ranks, record.label)


@pytest.mark.parametrize("name", FILES)
def test_damage_is_refused_or_harmless(name: str) -> None:
    original = (SAMPLES / name).read_text()
    records = read_output(to_text(name, original.encode()), FILES[name]).records
    truth = {key(record): said(record) for record in records}
    everything = numbers(tuple(truth.values()))
    rng = random.Random(name)
    refused = 0
    for _ in range(EACH):
        mutated = rng.choice(BLIND.get(name, MUTATIONS))(original, rng)
        try:
            found = read_output(to_text(name, mutated.encode()), FILES[name]).records
        except UnreadableError:
            refused += 1
            continue
        for record in found:
            if name in FEWER:
                assert numbers(said(record)) <= everything
                continue
            assert truth.get(key(record)) == said(record), _difference(
                original, mutated
            )
    assert refused > EACH // 8


def _difference(original: str, mutated: str) -> str:
    pairs = zip(original.split("\n"), mutated.split("\n"), strict=False)
    return next((f"{a!r}\n -> {b!r}" for a, b in pairs if a != b), "end")
