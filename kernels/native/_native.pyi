from _typeshed import ReadableBuffer, WriteableBuffer

BLOCK_BYTES: int
FLAG_BYTES: int

def isas() -> list[str]: ...
def rows() -> list[tuple[str, str, str]]: ...
def chosen(operation: str, dtype: str, /) -> str: ...
def fma_peak(
    dtype: str, steps: int, isa: str | None = None, start_ns: int = 0
) -> tuple[float, int, int, int]: ...
def read_bandwidth(
    buffer: ReadableBuffer, passes: int, isa: str | None = None, start_ns: int = 0
) -> tuple[float, int, int, int, int]: ...
def triad_bandwidth(
    a: WriteableBuffer,
    b: ReadableBuffer,
    c: ReadableBuffer,
    passes: int,
    isa: str | None = None,
    start_ns: int = 0,
) -> tuple[float, int, int, int]: ...
def add(
    outs: tuple[WriteableBuffer, ...],
    ins: tuple[ReadableBuffer, ...],
    dtype: str,
    first: int,
    last: int,
    isa: str | None = None,
    /,
) -> None: ...
def gemm(
    operation: str,
    dtype: str,
    a: ReadableBuffer,
    b: ReadableBuffer,
    out: WriteableBuffer,
    threads: int = 0,
    isa: str | None = None,
    /,
) -> None: ...
def gemm_plan(
    operation: str,
    dtype: str,
    a: ReadableBuffer,
    b: ReadableBuffer,
    out: WriteableBuffer,
    threads: int = 0,
    isa: str | None = None,
    /,
) -> dict[str, str | int]: ...
def barrier(
    flags: WriteableBuffer, rank: int, epoch: int, spin_ns: int, sleep_ns: int, /
) -> bool: ...
def aligned(bytes: int, /) -> memoryview: ...
def conv_fits(
    operation: str, dtype: str, shape: tuple[int, ...], isa: str | None = None, /
) -> bool: ...
def conv_pack(
    operation: str,
    dtype: str,
    shape: tuple[int, ...],
    weights: ReadableBuffer,
    isa: str | None = None,
    /,
) -> memoryview: ...
def conv_scratch_bytes(
    operation: str,
    dtype: str,
    shape: tuple[int, ...],
    threads: int,
    isa: str | None = None,
    /,
) -> int: ...
def conv(
    operation: str,
    dtype: str,
    shape: tuple[int, ...],
    x: ReadableBuffer,
    packed: ReadableBuffer,
    y: WriteableBuffer,
    scratch: WriteableBuffer,
    threads: int,
    isa: str | None = None,
    /,
) -> None: ...
