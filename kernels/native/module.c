/* The Python binding: check the arguments, release the interpreter, call dispatch.
   Every timed function returns (work, begin_ns, end_ns, cpu_ns). */

#include "module.h"

#include <stdlib.h>
#include <string.h>

#include "barrier.h"
#include "fma.h"
#include "stream.h"

/* Lanes count exactly up to 2^24, in float16 up to 2^11, and do not start at 0. */
#define EXACT_STEPS ((size_t)1 << 20)
#define EXACT_STEPS_F16 ((size_t)2000)
#define TRIAD_SCALE 2.0

const struct kernel *find(const char *operation, const char *dtype, const char *isa)
{
    char error[256];
    const struct kernel *row = dispatch(operation, dtype, isa, error, sizeof error);
    if (!row)
        PyErr_SetString(PyExc_ValueError, error);
    return row;
}

static PyObject *result(const struct timing *timing)
{
    return Py_BuildValue("dLLL", timing->work, (long long)timing->begin_ns,
                         (long long)timing->end_ns, (long long)timing->cpu_ns);
}

static PyObject *fma_peak(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"dtype", "steps", "isa", "start_ns", NULL};
    const char *dtype, *isa = NULL;
    long long start_ns = 0;
    Py_ssize_t steps;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "sn|zL:fma_peak", names, &dtype,
                                     &steps, &isa, &start_ns))
        return NULL;
    if (steps < 0)
        return PyErr_Format(PyExc_ValueError, "steps = %zd: must not be negative",
                            steps);
    const struct kernel *row = find("fma", dtype, isa);
    if (!row)
        return NULL;
    const size_t exact = strcmp(dtype, "float16") ? EXACT_STEPS : EXACT_STEPS_F16;
    struct timing timing = {.start_ns = start_ns};
    bool right;
    Py_BEGIN_ALLOW_THREADS
    right = fma_time((fma_loop)row->run, (size_t)steps, exact, &timing);
    Py_END_ALLOW_THREADS
    if (!right)
        return PyErr_Format(PyExc_RuntimeError, "fma of %s miscounted on %s",
                            dtype, ISA_NAMES[row->isa]);
    return result(&timing);
}

/* Refuse what a loop without tails or with aligned stores cannot take. */
static bool fits(const Py_buffer *buffer, Py_ssize_t bytes)
{
    if (buffer->len == 0 || buffer->len % BLOCK_BYTES) {
        PyErr_Format(PyExc_ValueError, "%zd bytes: must be a multiple of %d",
                     buffer->len, BLOCK_BYTES);
        return false;
    }
    if (buffer->len != bytes) {
        PyErr_Format(PyExc_ValueError, "buffers of %zd and %zd bytes: must be equal",
                     bytes, buffer->len);
        return false;
    }
    if ((uintptr_t)buffer->buf % 64) {
        PyErr_SetString(PyExc_ValueError, "buffer must be aligned to 64 bytes");
        return false;
    }
    return true;
}

static bool count_passes(Py_ssize_t passes)
{
    if (passes < 0)
        PyErr_Format(PyExc_ValueError, "passes = %zd: must not be negative", passes);
    return passes >= 0;
}

static PyObject *read_bandwidth(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"buffer", "passes", "isa", "start_ns", NULL};
    const char *isa = NULL;
    long long start_ns = 0;
    Py_ssize_t passes;
    Py_buffer buffer;
    uint64_t sum;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y*n|zL:read_bandwidth", names,
                                     &buffer, &passes, &isa, &start_ns))
        return NULL;
    struct timing timing = {.start_ns = start_ns};
    const struct kernel *row = NULL;
    if (count_passes(passes) && fits(&buffer, buffer.len))
        row = find("read", "uint64", isa);
    if (row) {
        Py_BEGIN_ALLOW_THREADS
        sum = read_time((read_loop)row->run, buffer.buf, (size_t)buffer.len,
                        (size_t)passes, &timing);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&buffer);
    if (!row)
        return NULL;
    return Py_BuildValue("dLLLK", timing.work, (long long)timing.begin_ns,
                         (long long)timing.end_ns, (long long)timing.cpu_ns,
                         (unsigned long long)sum);
}

static PyObject *triad_bandwidth(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"a", "b", "c", "passes", "isa", "start_ns", NULL};
    const char *isa = NULL;
    long long start_ns = 0;
    Py_ssize_t passes;
    Py_buffer a, b, c;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "w*y*y*n|zL:triad_bandwidth", names,
                                     &a, &b, &c, &passes, &isa, &start_ns))
        return NULL;
    struct timing timing = {.start_ns = start_ns};
    const struct kernel *row = NULL;
    if (count_passes(passes) && fits(&a, a.len) && fits(&b, a.len) && fits(&c, a.len))
        row = find("triad", "float64", isa);
    if (row) {
        Py_BEGIN_ALLOW_THREADS
        triad_time((triad_loop)row->run, a.buf, b.buf, c.buf, (size_t)a.len,
                   TRIAD_SCALE, (size_t)passes, &timing);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&a);
    PyBuffer_Release(&b);
    PyBuffer_Release(&c);
    return row ? result(&timing) : NULL;
}

static PyObject *chosen(PyObject *self, PyObject *args)
{
    const char *operation, *dtype;
    (void)self;
    if (!PyArg_ParseTuple(args, "ss:chosen", &operation, &dtype))
        return NULL;
    const struct kernel *row = find(operation, dtype, NULL);
    return row ? PyUnicode_FromString(ISA_NAMES[row->isa]) : NULL;
}

static PyObject *isas(PyObject *self, PyObject *args)
{
    PyObject *list = PyList_New(0);
    (void)self;
    (void)args;
    for (int isa = 0; list && isa < ISA_COUNT; isa++) {
        if (!isa_supported((enum isa)isa))
            continue;
        PyObject *name = PyUnicode_FromString(ISA_NAMES[isa]);
        if (!name || PyList_Append(list, name))
            Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

static PyObject *rows(PyObject *self, PyObject *args)
{
    PyObject *list = PyList_New(0);
    const struct kernel *row;
    (void)self;
    (void)args;
    for (size_t i = 0; list && (row = dispatch_row(i)); i++) {
        PyObject *entry = Py_BuildValue("sss", row->operation, row->dtype,
                                        ISA_NAMES[row->isa]);
        if (!entry || PyList_Append(list, entry))
            Py_CLEAR(list);
        Py_XDECREF(entry);
    }
    return list;
}

#define KEYWORDS(function) ((PyCFunction)(void (*)(void))(function))

static PyMethodDef methods[] = {
    {"fma_peak", KEYWORDS(fma_peak), METH_VARARGS | METH_KEYWORDS, NULL},
    {"read_bandwidth", KEYWORDS(read_bandwidth), METH_VARARGS | METH_KEYWORDS, NULL},
    {"triad_bandwidth", KEYWORDS(triad_bandwidth), METH_VARARGS | METH_KEYWORDS, NULL},
    {"add", module_add, METH_VARARGS, NULL},
    {"aligned", module_aligned, METH_VARARGS, NULL},
    {"barrier", module_barrier, METH_VARARGS, NULL},
    {"chosen", chosen, METH_VARARGS, NULL},
    {"conv", module_conv, METH_VARARGS, NULL},
    {"conv_fits", module_conv_fits, METH_VARARGS, NULL},
    {"conv_pack", module_conv_pack, METH_VARARGS, NULL},
    {"conv_scratch_bytes", module_conv_scratch_bytes, METH_VARARGS, NULL},
    {"gemm", module_gemm, METH_VARARGS, NULL},
    {"gemm_plan", module_gemm_plan, METH_VARARGS, NULL},
    {"isas", isas, METH_NOARGS, NULL},
    {"rows", rows, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module)
{
    dispatch_fill(getenv("TENBIN_ISA"));
    return PyModule_AddIntConstant(module, "BLOCK_BYTES", BLOCK_BYTES) ||
           PyModule_AddIntConstant(module, "FLAG_BYTES", FLAG_BYTES);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)execute},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "tenbin.kernels.native._native",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&definition);
}
