/* conv(operation, dtype, shape, x, packed, y, scratch, threads, isa=None) and what comes
   before it. `shape` is the 14 numbers of struct conv_shape, in its order. No buffer is
   touched before its length is known to be right. */

#define _DEFAULT_SOURCE /* madvise */

#include "module.h"

#include <string.h>
#include <sys/mman.h>

#include "conv.h"

#define NUMBERS (sizeof(struct conv_shape) / sizeof(size_t))
#define LINE 64
#define LARGE_PAGE ((uintptr_t)2 << 20)

/* No number, and no array of one problem, is larger: products of sizes cannot wrap. */
#define LARGEST ((size_t)1 << 40)

static const char *const NAMES[] = {
    "n", "c", "h", "w", "k", "r", "s", "stride_h", "stride_w", "pad_h", "pad_w",
    "dilation_h", "dilation_w", "groups",
};

static bool refuse(const char *reason)
{
    PyErr_SetString(PyExc_ValueError, reason);
    return false;
}

/* Return whether a x b x c x d stays below LARGEST. */
static bool small(size_t a, size_t b, size_t c, size_t d)
{
    size_t product;
    return !__builtin_mul_overflow(a, b, &product) &&
           !__builtin_mul_overflow(product, c, &product) &&
           !__builtin_mul_overflow(product, d, &product) && product <= LARGEST;
}

static bool check(const struct conv_shape *a)
{
    if (!small(a->n, a->c, a->h, a->w) || !small(a->k, a->r, a->s, a->c) ||
        !small(a->c, a->h + 2 * a->pad_h, a->w + 2 * a->pad_w, 1) ||
        !small(a->dilation_h, a->r, a->dilation_w, a->s))
        return refuse("a convolution beyond 2^40 elements");
    if (a->c % a->groups || a->k % a->groups)
        return refuse("groups must divide c and k");
    if (a->dilation_h * (a->r - 1) + 1 > a->h + 2 * a->pad_h ||
        a->dilation_w * (a->s - 1) + 1 > a->w + 2 * a->pad_w)
        return refuse("the filter is larger than the padded image");
    if (!small(a->n, a->k, conv_out_h(a), conv_out_w(a)))
        return refuse("a convolution beyond 2^40 elements");
    return true;
}

static bool read_shape(PyObject *tuple, struct conv_shape *shape)
{
    size_t numbers[NUMBERS];
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != NUMBERS)
        return refuse("a shape is a tuple of n c h w k r s, stride, pad, dilation "
                      "(h and w each), groups");
    for (size_t i = 0; i < NUMBERS; i++) {
        const Py_ssize_t least = strncmp(NAMES[i], "pad", 3) ? 1 : 0;
        const Py_ssize_t number = PyLong_AsSsize_t(PyTuple_GetItem(tuple, (Py_ssize_t)i));
        if (number == -1 && PyErr_Occurred())
            return false;
        if (number < least || (size_t)number > LARGEST) {
            PyErr_Format(PyExc_ValueError, "%s = %zd: must be %zd .. 2^40", NAMES[i],
                         number, least);
            return false;
        }
        numbers[i] = (size_t)number;
    }
    memcpy(shape, numbers, sizeof numbers);
    return check(shape);
}

/* Look up the algorithm; NULL, with ValueError set, where there is none. */
static const struct conv_algorithm *find_algorithm(const char *operation,
                                                   const char *dtype, const char *isa)
{
    if (strncmp(operation, "conv_", 5)) {
        PyErr_Format(PyExc_ValueError, "%s: not a convolution", operation);
        return NULL;
    }
    const struct kernel *row = find(operation, dtype, isa);
    return row ? ((conv_getter)row->run)() : NULL;
}

/* As above, for a shape that fits. */
static const struct conv_algorithm *prepare(const char *operation, const char *dtype,
                                            PyObject *tuple, const char *isa,
                                            struct conv_shape *shape)
{
    const struct conv_algorithm *algorithm = find_algorithm(operation, dtype, isa);
    if (!algorithm || !read_shape(tuple, shape))
        return NULL;
    if (!algorithm->fits(shape)) {
        PyErr_Format(PyExc_ValueError, "%s of %s does not fit this shape", operation,
                     dtype);
        return NULL;
    }
    return algorithm;
}

static bool holds(const char *name, const Py_buffer *buffer, size_t bytes, bool exact,
                  size_t alignment)
{
    if (exact ? (size_t)buffer->len != bytes : (size_t)buffer->len < bytes) {
        PyErr_Format(PyExc_ValueError, "%s of %zd bytes: needs %zu", name, buffer->len,
                     bytes);
        return false;
    }
    if (bytes && (uintptr_t)buffer->buf % alignment) {
        PyErr_Format(PyExc_ValueError, "%s: must be aligned to %zu bytes", name,
                     alignment);
        return false;
    }
    return true;
}

/* Ask for large pages: packed weights of tens of MiB are read in one sweep, which small
   pages slow down by address translation. Only advice, so failure is ignored. */
static void advise(uintptr_t start, size_t bytes)
{
#if defined(MADV_HUGEPAGE)
    const uintptr_t page = 4096, first = (start + page - 1) / page * page;
    if (start + bytes > first + LARGE_PAGE)
        madvise((void *)first, start + bytes - first, MADV_HUGEPAGE);
#else
    (void)start;
    (void)bytes;
#endif
}

/* Return a writable memoryview of `bytes` bytes that starts on a cache line. */
static PyObject *aligned(size_t bytes)
{
    PyObject *memory = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)bytes + LINE);
    PyObject *whole = memory ? PyMemoryView_FromObject(memory) : NULL, *part = NULL;
    if (whole) {
        const uintptr_t start = (uintptr_t)PyByteArray_AsString(memory);
        const Py_ssize_t first = (Py_ssize_t)(-start % LINE);
        advise(start, bytes);
        part = PySequence_GetSlice(whole, first, first + (Py_ssize_t)bytes);
    }
    Py_XDECREF(whole);
    Py_XDECREF(memory);
    return part;
}

PyObject *module_aligned(PyObject *self, PyObject *args)
{
    Py_ssize_t bytes;
    (void)self;
    if (!PyArg_ParseTuple(args, "n:aligned", &bytes))
        return NULL;
    if (bytes < 0 || bytes > PY_SSIZE_T_MAX - LINE)
        return PyErr_Format(PyExc_ValueError, "bytes = %zd: out of range", bytes);
    return aligned((size_t)bytes);
}

PyObject *module_conv_fits(PyObject *self, PyObject *args)
{
    const char *operation, *dtype, *isa = NULL;
    PyObject *tuple;
    struct conv_shape shape;
    (void)self;
    if (!PyArg_ParseTuple(args, "ssO|z:conv_fits", &operation, &dtype, &tuple, &isa))
        return NULL;
    const struct conv_algorithm *algorithm = find_algorithm(operation, dtype, isa);
    if (!algorithm || !read_shape(tuple, &shape))
        return NULL;
    return PyBool_FromLong(algorithm->fits(&shape));
}

PyObject *module_conv_scratch_bytes(PyObject *self, PyObject *args)
{
    const char *operation, *dtype, *isa = NULL;
    PyObject *tuple;
    struct conv_shape shape;
    int threads;
    (void)self;
    if (!PyArg_ParseTuple(args, "ssOi|z:conv_scratch_bytes", &operation, &dtype, &tuple,
                          &threads, &isa))
        return NULL;
    const struct conv_algorithm *algorithm =
        prepare(operation, dtype, tuple, isa, &shape);
    if (!algorithm)
        return NULL;
    if (threads < 1)
        return PyErr_Format(PyExc_ValueError, "threads = %d: must be >= 1", threads);
    return PyLong_FromSize_t(algorithm->scratch_bytes(&shape, threads));
}

PyObject *module_conv_pack(PyObject *self, PyObject *args)
{
    const char *operation, *dtype, *isa = NULL;
    PyObject *tuple, *packed = NULL;
    struct conv_shape shape;
    Py_buffer weights, room;
    (void)self;
    if (!PyArg_ParseTuple(args, "ssOy*|z:conv_pack", &operation, &dtype, &tuple,
                          &weights, &isa))
        return NULL;
    const struct conv_algorithm *algorithm =
        prepare(operation, dtype, tuple, isa, &shape);
    if (algorithm && !algorithm->pack)
        PyErr_Format(PyExc_ValueError, "%s packs nothing", operation);
    else if (algorithm &&
             holds("weights", &weights, conv_w_items(&shape) * 2, true, 2))
        packed = aligned(algorithm->packed_bytes(&shape));
    if (packed && PyObject_GetBuffer(packed, &room, PyBUF_WRITABLE) == 0) {
        Py_BEGIN_ALLOW_THREADS
        algorithm->pack(&shape, weights.buf, room.buf);
        Py_END_ALLOW_THREADS
        PyBuffer_Release(&room);
    }
    PyBuffer_Release(&weights);
    return packed;
}

static size_t input_items(const struct conv_algorithm *algorithm,
                          const struct conv_shape *shape)
{
    return algorithm->direction == CONV_BACKWARD_DATA ? conv_y_items(shape)
                                                      : conv_x_items(shape);
}

static size_t output_items(const struct conv_algorithm *algorithm,
                           const struct conv_shape *shape)
{
    switch (algorithm->direction) {
    case CONV_BACKWARD_DATA:
        return conv_x_items(shape);
    case CONV_BACKWARD_WEIGHTS:
        return conv_w_items(shape);
    default:
        return conv_y_items(shape);
    }
}

PyObject *module_conv(PyObject *self, PyObject *args)
{
    const char *operation, *dtype, *isa = NULL;
    PyObject *tuple;
    struct conv_shape shape;
    Py_buffer x, packed, y, scratch;
    int threads;
    (void)self;
    if (!PyArg_ParseTuple(args, "ssOy*y*w*w*i|z:conv", &operation, &dtype, &tuple, &x,
                          &packed, &y, &scratch, &threads, &isa))
        return NULL;
    const struct conv_algorithm *algorithm =
        prepare(operation, dtype, tuple, isa, &shape);
    bool right = algorithm && (threads >= 1 || refuse("threads must be >= 1")) &&
                 holds("x", &x, input_items(algorithm, &shape) * 2, true, 2) &&
                 holds("packed", &packed, algorithm->packed_bytes(&shape), true,
                       algorithm->pack ? LINE : 2) &&
                 holds("y", &y, output_items(algorithm, &shape) * 2, true, 2) &&
                 holds("scratch", &scratch, algorithm->scratch_bytes(&shape, threads),
                       false, LINE);
    if (right) {
        Py_BEGIN_ALLOW_THREADS
        algorithm->run(&shape, x.buf, packed.buf, y.buf, scratch.buf, threads);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&x);
    PyBuffer_Release(&packed);
    PyBuffer_Release(&y);
    PyBuffer_Release(&scratch);
    if (!right)
        return NULL;
    Py_RETURN_NONE;
}
