"""What reports are made of in tests: hostile words, many records."""

from msgspec.structs import replace

from tenbin.record import Record
from tests.builders import create_record, create_samples, create_study

HOSTILE = "</script><script>document.title='owned'</script><b>\"'\n{{ 7*7 }} \u6f22"
LONG = "x" * 10_000
SAMPLES = [create_samples(1e-3 * (1 + 0.01 * i), seed=i) for i in range(5)]


def hostile_study() -> list[Record]:
    words = HOSTILE + LONG
    return [
        replace(record, variant=words, label=words, case=record.case + words)
        if number % 2
        else replace(record, reason=words, output=[words], flags=[words])
        for number, record in enumerate(create_study(2))
    ] + [create_record(status="failed", reason=words, output=[words] * 50, launch=9)]


def large_study() -> list[Record]:
    """Return 20,000 records: 10 algorithms, 100 sizes, 4 rank counts, 5 launches."""
    return [
        create_record(
            kernel="allreduce",
            variant=f"algorithm-{variant}",
            label=f"{size}B",
            message_bytes=size,
            ranks=ranks,
            ranks_per_node=1,
            flops=None,
            bytes=None,
            launch=launch,
            samples=SAMPLES[launch],
        )
        for ranks in (2, 4, 8, 16)
        for variant in range(10)
        for size in (4 * (n + int(1.17**n)) for n in range(1, 101))
        for launch in range(5)
    ]
