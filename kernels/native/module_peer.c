/* pull(pid, address, buffer), push(pid, address, buffer): copy the memory of another
   process into a buffer, or a buffer into it, in one copy, where the system allows it. */

#define _GNU_SOURCE

#include "module.h"

#include <errno.h>

#if defined(__linux__)
#include <sys/uio.h>
#endif

static ssize_t transfer(bool into_peer, pid_t pid, char *here, char *there, size_t left)
{
#if defined(__linux__)
    while (left > 0) {
        const struct iovec mine = {here, left}, theirs = {there, left};
        const ssize_t moved = into_peer
                                  ? process_vm_writev(pid, &mine, 1, &theirs, 1, 0)
                                  : process_vm_readv(pid, &mine, 1, &theirs, 1, 0);
        if (moved <= 0)
            return -1;
        here += moved;
        there += moved;
        left -= (size_t)moved;
    }
    return 0;
#else
    (void)into_peer, (void)pid, (void)here, (void)there, (void)left;
    errno = ENOSYS;
    return -1;
#endif
}

static PyObject *move(PyObject *args, bool into_peer)
{
    int pid;
    unsigned long long address;
    Py_buffer view;
    ssize_t failed;
    if (!PyArg_ParseTuple(args, into_peer ? "iKy*:push" : "iKw*:pull", &pid, &address,
                          &view))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    failed = transfer(into_peer, (pid_t)pid, view.buf, (char *)(uintptr_t)address,
                      (size_t)view.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    if (failed)
        return PyErr_SetFromErrno(PyExc_OSError);
    Py_RETURN_NONE;
}

PyObject *module_pull(PyObject *self, PyObject *args)
{
    (void)self;
    return move(args, false);
}

PyObject *module_push(PyObject *self, PyObject *args)
{
    (void)self;
    return move(args, true);
}
