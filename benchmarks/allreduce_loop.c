/* MPI_Allreduce in place as a C program times it: the yardstick of allreduce_vs_c.py.
 *
 * A repetition: refill the buffer used last, take the next, barrier, stamp, sum, stamp.
 * Stamps are CLOCK_MONOTONIC in ns, which is Python's perf_counter_ns on Linux.
 */
#include <mpi.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void fill(float *buffer, int count, const float *period, int length)
{
    for (int done = 0; done < count; done += length) {
        int part = count - done < length ? count - done : length;
        memcpy(buffer + done, period, part * sizeof *buffer);
    }
}

int allreduce_loop(float **buffers, int turns, int count, const float *period,
                   int length, int fortran_comm, int repetitions, int64_t *entry,
                   int64_t *exit)
{
    MPI_Comm comm = MPI_Comm_f2c(fortran_comm);
    float *last = buffers[0];
    for (int i = 0; i < repetitions; i++) {
        float *buffer = buffers[i % turns];
        fill(last, count, period, length);
        last = buffer;
        MPI_Barrier(comm);
        entry[i] = now_ns();
        int error =
            MPI_Allreduce(MPI_IN_PLACE, buffer, count, MPI_FLOAT, MPI_SUM, comm);
        exit[i] = now_ns();
        if (error != MPI_SUCCESS)
            return error;
    }
    fill(last, count, period, length);
    return MPI_SUCCESS;
}
