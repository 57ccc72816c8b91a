"""Sums of private buffers by cross-memory attach: the system copies between processes.

    barrier | for each piece of my share: pull from every peer, add, push to every peer
            | barrier

A piece is copied once each way, between the buffers and scratch that stays in the
cache; nobody else touches a share between the barriers. Linux lets a process do this to
others of its user, unless ptrace is restricted (containers, Yama): `attached` tries it.
Cost of n bytes on p ranks: (p - 1)/p n bytes pulled and pushed per rank.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.kernels import native
from tenbin.kernels.allreduce.dtypes import adds_natively
from tenbin.kernels.allreduce.execute_shm import run, share_of
from tenbin.kernels.allreduce.node import Barrier
from tenbin.kernels.allreduce.plan import Part, Plan

PIECE_BYTES = 2**17

Buffer = NDArray[Any]
Call = Callable[[], object]
Place = tuple[int, int]  # process, address


def attached(intra: MPI.Comm) -> bool:
    """Return whether all ranks of a node can reach each other's memory; collective.

    Each looks for a random number of the other: process numbers may mean other
    processes in another container.
    """
    secret = np.frombuffer(os.urandom(8), dtype=np.uint64).copy()
    found = np.zeros_like(secret)
    told = intra.allgather((_place(secret), int(secret[0])))
    right = True
    for (pid, address), number in told:
        try:
            native.load().pull(pid, address, found)
        except OSError:
            right = False
            break
        right = right and int(found[0]) == number
    agreed: bool = intra.allreduce(right, op=MPI.LAND)
    return agreed


def compile_cma(barrier: Barrier, intra: MPI.Comm, buffer: Buffer, dtype: str) -> Plan:
    """Compile the sum of one private buffer of each rank of a node; collective."""
    places: list[Place] = intra.allgather(_place(buffer))
    first, last = share_of(buffer.size, intra.rank, intra.size)
    piece = PIECE_BYTES // buffer.itemsize
    scratch = [np.empty(piece, dtype=buffer.dtype) for _ in places]
    parts = [Part("first barrier", barrier)]
    for number, begin in enumerate(range(first, last, piece)):
        part = buffer[begin : min(begin + piece, last)]
        offset = begin * buffer.itemsize
        peers = [(pid, address + offset) for pid, address in places]
        calls = _piece(part, peers, intra.rank, scratch, dtype)
        parts.append(Part(f"piece {number}", partial(run, tuple(calls))))
    parts.append(Part("last barrier", barrier))
    details = {"executor": "shm-copy", "copies": "process_vm_readv", "barriers": 2}
    return Plan(
        partial(run, tuple(part.run for part in parts)),
        details={**details, **adds_natively(dtype)},
        parts=tuple(parts),
    )


def _piece(
    mine: Buffer, peers: Sequence[Place], rank: int, scratch: list[Buffer], dtype: str
) -> list[Call]:
    """Return the calls for one piece, `peers` being its place on every rank."""
    module = native.load()
    ins = [part[: mine.size] for part in scratch]
    ins[rank] = mine
    others = [peer for peer in range(len(peers)) if peer != rank]
    return [
        *(partial(module.pull, *peers[peer], ins[peer]) for peer in others),
        partial(module.add, (mine,), tuple(ins), dtype, 0, mine.size),
        *(partial(module.push, *peers[peer], mine) for peer in others),
    ]


def _place(array: Buffer) -> Place:
    return os.getpid(), array.ctypes.data
