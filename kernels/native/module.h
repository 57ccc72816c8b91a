/* What the parts of the Python binding share. */

#ifndef TENBIN_MODULE_H
#define TENBIN_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "dispatch.h"

/* Return the row to run, or NULL with ValueError set. */
const struct kernel *find(const char *operation, const char *dtype, const char *isa);

PyObject *module_add(PyObject *self, PyObject *args);
PyObject *module_aligned(PyObject *self, PyObject *args);
PyObject *module_barrier(PyObject *self, PyObject *args);
PyObject *module_conv(PyObject *self, PyObject *args);
PyObject *module_conv_fits(PyObject *self, PyObject *args);
PyObject *module_conv_pack(PyObject *self, PyObject *args);
PyObject *module_conv_scratch_bytes(PyObject *self, PyObject *args);
PyObject *module_gemm(PyObject *self, PyObject *args);
PyObject *module_gemm_plan(PyObject *self, PyObject *args);

#endif
