/* gemm(operation, dtype, a, b, out, threads, isa=None) and what it will do. The matrices
   are 2-D buffers with strides, so that transposed views come as they are. */

#include "module.h"

#include <string.h>

#include "gemm.h"
#include "scratch.h"

struct product {
    const struct kernel *row;
    struct gemm_plan plan;
    Py_buffer a, b, out;
};

static bool refuse(const char *reason)
{
    PyErr_SetString(PyExc_ValueError, reason);
    return false;
}

/* Read a 2-D buffer as a matrix with positive strides, one of them 1. */
static bool read_matrix(const Py_buffer *view, size_t item, struct gemm_matrix *matrix)
{
    if (view->ndim != 2 || (size_t)view->itemsize != item)
        return refuse("gemm: a matrix has two axes and the elements of its dtype");
    if (view->len == 0)
        return refuse("gemm: a matrix must not be empty");
    size_t stride[2];
    for (int axis = 0; axis < 2; axis++) {
        const bool single = view->shape[axis] <= 1;
        if (!single && (view->strides[axis] <= 0 ||
                        (size_t)view->strides[axis] % item))
            return refuse("gemm: strides must be positive, in whole elements");
        stride[axis] = single ? 1 : (size_t)view->strides[axis] / item;
    }
    if (stride[0] != 1 && stride[1] != 1)
        return refuse("gemm: rows or columns must be contiguous");
    *matrix = (struct gemm_matrix){view->buf, stride[0], stride[1]};
    return true;
}

/* Return whether no two elements share a place. */
static bool distinct(const Py_buffer *view, const struct gemm_matrix *matrix)
{
    const bool rows = matrix->column == 1;
    const size_t pitch = rows ? matrix->row : matrix->column;
    const Py_ssize_t lines = view->shape[rows ? 0 : 1];
    return lines <= 1 || pitch >= (size_t)view->shape[rows ? 1 : 0];
}

static bool read_product(struct product *product, int threads)
{
    const Py_buffer *a = &product->a, *b = &product->b, *out = &product->out;
    const struct gemm_family *family = ((gemm_getter)product->row->run)();
    const size_t item = family->kernels->element_bytes;
    struct gemm_product asked;
    if (!read_matrix(a, item, &asked.a) || !read_matrix(b, item, &asked.b) ||
        !read_matrix(out, item, &asked.c))
        return false;
    if (a->shape[1] != b->shape[0] || out->shape[0] != a->shape[0] ||
        out->shape[1] != b->shape[1])
        return refuse("gemm: out (m, n) = a (m, k) b (k, n)");
    if (!distinct(out, &asked.c))
        return refuse("gemm: elements of out share a place");
    asked.shape = (struct gemm_shape){(size_t)out->shape[0], (size_t)out->shape[1],
                                      (size_t)a->shape[1]};
    product->plan = gemm_plan(family, &asked, threads);
    return true;
}

static void release(struct product *product)
{
    PyBuffer_Release(&product->a);
    PyBuffer_Release(&product->b);
    PyBuffer_Release(&product->out);
}

static bool take(PyObject *args, struct product *product)
{
    const char *operation, *dtype, *isa = NULL;
    PyObject *a, *b, *out;
    int threads = 0;
    memset(product, 0, sizeof *product);
    if (!PyArg_ParseTuple(args, "ssOOO|iz:gemm", &operation, &dtype, &a, &b, &out,
                          &threads, &isa))
        return false;
    if (strncmp(operation, "gemm", 4))
        return refuse("gemm: not the name of a product");
    product->row = find(operation, dtype, isa);
    return product->row &&
           PyObject_GetBuffer(a, &product->a, PyBUF_STRIDES) == 0 &&
           PyObject_GetBuffer(b, &product->b, PyBUF_STRIDES) == 0 &&
           PyObject_GetBuffer(out, &product->out, PyBUF_STRIDES | PyBUF_WRITABLE) == 0 &&
           read_product(product, threads);
}

/* Run a plan; without memory set an error and return false, like where it refuses. */
static bool run(const struct gemm_plan *plan)
{
    const struct scratch scratch = scratch_take(plan->scratch_bytes);
    bool done = false;
    if (!scratch.place) {
        PyErr_NoMemory();
        return false;
    }
    Py_BEGIN_ALLOW_THREADS
    done = gemm_run(plan, scratch.place);
    Py_END_ALLOW_THREADS
    scratch_return(scratch);
    return done;
}

PyObject *module_gemm(PyObject *self, PyObject *args)
{
    struct product product;
    (void)self;
    bool done = take(args, &product);
    if (done) {
        const struct gemm_plan *plan = &product.plan;
        done = run(plan);
        if (!done && !PyErr_Occurred() && plan->family->spare) {
            const struct gemm_plan again =
                gemm_plan(plan->family->spare, &plan->asked, plan->threads);
            done = run(&again);
        }
    }
    release(&product);
    if (!done)
        return NULL;
    Py_RETURN_NONE;
}

/* Return the ISA of the family that will compute: perhaps the spare of the row's. */
static const char *isa_of(const struct product *product)
{
    const struct kernel *row;
    for (size_t i = 0; (row = dispatch_row(i)); i++)
        if (strncmp(row->operation, "gemm", 4) == 0 &&
            ((gemm_getter)row->run)() == product->plan.family)
            return ISA_NAMES[row->isa];
    return ISA_NAMES[product->row->isa];
}

PyObject *module_gemm_plan(PyObject *self, PyObject *args)
{
    struct product product;
    (void)self;
    PyObject *told = NULL;
    if (take(args, &product)) {
        const struct gemm_plan *plan = &product.plan;
        told = Py_BuildValue("{s:s,s:s,s:O,s:i,s:n}", "isa", isa_of(&product),
                             "kernel", plan->kernel->name, "mirrored",
                             plan->mirrored ? Py_True : Py_False, "threads",
                             plan->threads, "splits", (Py_ssize_t)plan->splits);
    }
    release(&product);
    return told;
}
