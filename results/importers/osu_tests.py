"""The OSU tests that can be read, by their titles, and what their sizes mean."""

PAIR = {
    "Latency": "latency",
    "Bandwidth": "bandwidth",
    "Bi-Directional Bandwidth": "bidirectional bandwidth",
    "Multi-threaded Latency": "multithreaded latency",
    "Multi-process Latency": "multiprocess latency",
    "Put Latency": "put latency",
    "MPI_Put Latency": "put latency",
    "MPI_Put Bandwidth": "put bandwidth",
    "MPI_Get Latency": "get latency",
    "MPI_Get latency": "get latency",
    "MPI_Get Bandwidth": "get bandwidth",
    "MPI_Accumulate latency": "accumulate latency",
    "MPI_Accumulate Latency": "accumulate latency",
}
SEVERAL = {
    "Multi Latency": "multi latency",
    "Multiple Bandwidth / Message Rate": "message rate",
}
COLLECTIVES = {
    "Allgather Latency": "allgather",
    "Allgatherv Latency": "allgatherv",
    "Allreduce Latency": "allreduce",
    "All-to-All Personalized Exchange Latency": "alltoall",
    "All-to-Allv Personalized Exchange Latency": "alltoallv",
    "Barrier Latency": "barrier",
    "Broadcast Latency": "broadcast",
    "Gather Latency": "gather",
    "Gatherv Latency": "gatherv",
    "Reduce Latency": "reduce",
    "Reduce_scatter Latency": "reduce_scatter",
    "Scatter Latency": "scatter",
    "Scatterv Latency": "scatterv",
}
NONBLOCKING = {
    f"Non-blocking {title}": f"non-blocking {name}"
    for title, name in COLLECTIVES.items()
} | {
    "Non-blocking All-to-All Latency": "non-blocking alltoall",
    "Non-blocking All-to-Allv Latency": "non-blocking alltoallv",
}
TESTS = {**PAIR, **SEVERAL, **COLLECTIVES, **NONBLOCKING}
ONE_BUFFER = {"allreduce", "broadcast", "reduce", "reduce_scatter", *PAIR.values()}
EACH_RANK = {"allgather", "alltoall", "gather", "scatter"}  # size is that of one share
