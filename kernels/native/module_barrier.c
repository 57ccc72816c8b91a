/* barrier(flags, rank, epoch, spin_ns, sleep_ns) -> whether all have arrived. */

#include "module.h"

#include "barrier.h"

PyObject *module_barrier(PyObject *self, PyObject *args)
{
    Py_buffer view;
    Py_ssize_t rank;
    unsigned int epoch;
    long long spin_ns, sleep_ns;
    (void)self;
    if (!PyArg_ParseTuple(args, "w*nILL:barrier", &view, &rank, &epoch, &spin_ns,
                          &sleep_ns))
        return NULL;
    const Py_ssize_t ranks = view.len / FLAG_BYTES;
    const bool fits = (uintptr_t)view.buf % sizeof(uint32_t) == 0 &&
                      view.len % FLAG_BYTES == 0 && rank >= 0 && rank < ranks;
    bool arrived = false;
    if (fits) {
        struct flag *flags = view.buf;
        Py_BEGIN_ALLOW_THREADS
        barrier_arrive(&flags[rank], epoch);
        arrived = barrier_wait(flags, (size_t)ranks, epoch, spin_ns, sleep_ns);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&view);
    if (!fits)
        return PyErr_Format(PyExc_ValueError,
                            "rank %zd of a barrier of %zd: wrong flags", rank, ranks);
    return PyBool_FromLong(arrived);
}
