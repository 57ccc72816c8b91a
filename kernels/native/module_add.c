/* add(outs, ins, dtype, first, last, isa=None): tuples of contiguous buffers. */

#include "module.h"

#include <string.h>

#include "add.h"

static Py_ssize_t item_bytes(const char *dtype)
{
    return strstr(dtype, "64") ? 8 : strstr(dtype, "32") ? 4 : 2;
}

/* Take `count` buffers of at least `bytes` bytes each; return how many were taken. */
static Py_ssize_t take(PyObject *tuple, int flags, Py_ssize_t bytes, Py_buffer *views,
                       void **places)
{
    const Py_ssize_t count = PyTuple_Size(tuple);
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyObject_GetBuffer(PyTuple_GetItem(tuple, i), &views[i], flags))
            return i;
        places[i] = views[i].buf;
        if (views[i].len < bytes) {
            PyErr_Format(PyExc_ValueError, "a buffer of %zd bytes: needs %zd",
                         views[i].len, bytes);
            return i + 1;
        }
    }
    return count;
}

static bool add(PyObject *outs, PyObject *ins, const struct kernel *row,
                Py_ssize_t first, Py_ssize_t last, Py_buffer *views, void **places)
{
    const Py_ssize_t outputs = PyTuple_Size(outs), inputs = PyTuple_Size(ins);
    const Py_ssize_t bytes = last * item_bytes(row->dtype);
    Py_ssize_t taken = take(outs, PyBUF_WRITABLE, bytes, views, places);
    if (!PyErr_Occurred())
        taken += take(ins, PyBUF_SIMPLE, bytes, views + outputs, places + outputs);
    const bool right = !PyErr_Occurred();
    if (right) {
        Py_BEGIN_ALLOW_THREADS
        ((add_loop)row->run)(places, (size_t)outputs,
                             (const void *const *)(places + outputs), (size_t)inputs,
                             (size_t)first, (size_t)last);
        Py_END_ALLOW_THREADS
    }
    while (taken > 0)
        PyBuffer_Release(&views[--taken]);
    return right;
}

PyObject *module_add(PyObject *self, PyObject *args)
{
    PyObject *outs, *ins;
    const char *dtype, *isa = NULL;
    Py_ssize_t first, last;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!O!snn|z:add", &PyTuple_Type, &outs, &PyTuple_Type,
                          &ins, &dtype, &first, &last, &isa))
        return NULL;
    const Py_ssize_t buffers = PyTuple_Size(outs) + PyTuple_Size(ins);
    if (PyTuple_Size(ins) == 0 || PyTuple_Size(outs) == 0 || first < 0 ||
        last < first || last > PY_SSIZE_T_MAX / 8)
        return PyErr_Format(PyExc_ValueError, "add of %zd to %zd over %zd .. %zd",
                            PyTuple_Size(ins), PyTuple_Size(outs), first, last);
    const struct kernel *row = find("add", dtype, isa);
    if (!row)
        return NULL;
    Py_buffer *views = PyMem_Malloc((size_t)buffers * sizeof *views);
    void **places = PyMem_Malloc((size_t)buffers * sizeof *places);
    bool done = false;
    if (views && places)
        done = add(outs, ins, row, first, last, views, places);
    else
        PyErr_NoMemory();
    PyMem_Free(places);
    PyMem_Free(views);
    if (!done)
        return NULL;
    Py_RETURN_NONE;
}
