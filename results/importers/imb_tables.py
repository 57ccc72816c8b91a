"""The tables of the Intel MPI Benchmarks: names, columns, and what their sizes mean."""

BENCHMARKS = {
    "PingPong": "pingpong",
    "PingPing": "pingping",
    "Sendrecv": "sendrecv",
    "Exchange": "exchange",
    "Uniband": "uniband",
    "Biband": "biband",
    "Allreduce": "allreduce",
    "Reduce": "reduce",
    "Reduce_scatter": "reduce_scatter",
    "Reduce_scatter_block": "reduce_scatter_block",
    "Allgather": "allgather",
    "Allgatherv": "allgatherv",
    "Gather": "gather",
    "Gatherv": "gatherv",
    "Scatter": "scatter",
    "Scatterv": "scatterv",
    "Alltoall": "alltoall",
    "Alltoallv": "alltoallv",
    "Bcast": "broadcast",
    "Barrier": "barrier",
    "Iallreduce": "non-blocking allreduce",
    "Iallgather": "non-blocking allgather",
    "Ialltoall": "non-blocking alltoall",
    "Ibcast": "non-blocking broadcast",
    "Ireduce": "non-blocking reduce",
    "Ibarrier": "non-blocking barrier",
}
REDUCTIONS = ("allreduce", "reduce", "reduce_scatter", "reduce_scatter_block")
ONE_BUFFER = {"pingpong", "pingping", "allreduce", "reduce", "reduce_scatter",
              "broadcast"}  # fmt: skip
EACH_RANK = {"allgather", "alltoall", "gather", "scatter"}  # size is that of one share
BYTES_MOVED = {"sendrecv": 2, "exchange": 4}  # times the size, in Mbytes/sec
SIZE, COUNT, RATE, DEFECTS = "#bytes", "#repetitions", "Mbytes/sec", "defects"
RANGE = ["t_min[usec]", "t_max[usec]", "t_avg[usec]"]
OVERLAP = ["t_ovrl[usec]", "t_pure[usec]", "t_CPU[usec]", "overlap[%]"]
KNOWN = (
    [SIZE, COUNT, "t[usec]", RATE],
    [SIZE, COUNT, *RANGE],
    [SIZE, COUNT, *RANGE, RATE],
    [SIZE, COUNT, *OVERLAP],
    [SIZE, COUNT, RATE, "Msg/sec"],
    [COUNT, *RANGE],
    [COUNT, *OVERLAP],
)
COLUMNS = (*KNOWN, *([*columns, DEFECTS] for columns in KNOWN))
