#include "gemm.h"

#include <stdint.h>
#include <string.h>

#include "sizes.h"
#include "threads.h"

#define LINE 64
#define MC 252                      /* rows of a block of sums, beside A in the L2 */
#define NC 512                      /* columns of it */
#define MIRROR_M 64                 /* fewer rows are better columns */
#define PACKED_B ((size_t)64 << 20) /* bytes of B packed at once, at most */
#define SPLIT_PANELS 4              /* a split of k has at least so many panels */

static const char *element(const struct gemm_plan *plan, const struct gemm_matrix *x,
                           size_t row, size_t column)
{
    const size_t place = row * x->row + column * x->column;
    return (const char *)x->data + place * plan->kernel->element_bytes;
}

/* Return the first kernel for so many columns that saves columns, or packing. */
static const struct gemm_kernel *choose(const struct gemm_family *family, size_t n,
                                        bool along)
{
    const struct gemm_kernel *kernel = family->kernels;
    const struct gemm_kernel *last = kernel + family->count - 1;
    for (; kernel < last; kernel++) {
        const size_t width = round_up(n, kernel->nr), lasts = round_up(n, last->nr);
        const bool saves = kernel->direct ? along && width <= lasts : width < lasts;
        if (n <= kernel->most_n && saves)
            break;
    }
    return kernel;
}

static void set_blocks(struct gemm_plan *plan)
{
    const struct gemm_kernel *kernel = plan->kernel;
    const size_t threads = (size_t)plan->threads;
    const size_t panels = ceil_div(plan->done.shape.k, kernel->kc);
    const size_t most_nc = PACKED_B / (panels * kernel->b_bytes) * kernel->nr;
    plan->nc = round_up(least(plan->done.shape.n, least(NC, most_nc)), kernel->nr);
    const size_t narrow = plan->nc <= 2 * kernel->nr;
    const size_t most_mc = narrow ? kernel->mr : round_up(MC, kernel->mr);
    plan->blocks = ceil_div(plan->done.shape.m, most_mc);
    if (!narrow)
        plan->blocks = round_up(plan->blocks, threads);
    plan->mc = round_up(ceil_div(plan->done.shape.m, plan->blocks), kernel->mr);
    plan->blocks = ceil_div(plan->done.shape.m, plan->mc);
    plan->splits = 1;
    if (plan->blocks < 2 * threads)
        plan->splits = least(ceil_div(2 * threads, plan->blocks),
                             1 + (panels - 1) / SPLIT_PANELS);
    if (threads == 1 || plan->family->in_order)
        plan->splits = 1;
}

static struct gemm_matrix turned(struct gemm_matrix x)
{
    return (struct gemm_matrix){x.data, x.column, x.row};
}

/* C' = B' A': the long side of a product with few rows becomes its rows. */
static struct gemm_product mirror(const struct gemm_product *x)
{
    return (struct gemm_product){{x->shape.n, x->shape.m, x->shape.k},
                                 turned(x->b), turned(x->a), turned(x->c)};
}

struct gemm_plan gemm_plan(const struct gemm_family *family,
                           const struct gemm_product *asked, int threads)
{
    struct gemm_plan plan = {.family = family, .asked = *asked, .done = *asked};
    plan.mirrored = asked->shape.m < asked->shape.n && asked->shape.m <= MIRROR_M;
    if (plan.mirrored)
        plan.done = mirror(asked);
    if (plan.done.shape.n < family->least_n)
        return gemm_plan(family->spare, asked, threads);
    plan.threads = threads;
    if (threads <= 0)
        plan.threads = omp_get_max_threads();
    plan.kernel = choose(family, plan.done.shape.n, plan.done.a.column == 1);
    set_blocks(&plan);
    const struct gemm_kernel *kernel = plan.kernel;
    const size_t width = plan.nc, panels = ceil_div(asked->shape.k, kernel->kc);
    plan.b_bytes = panels * (width / kernel->nr) * kernel->b_bytes;
    plan.pitch = width + LINE / sizeof(float);
    plan.sums_bytes = round_up(plan.mc * plan.pitch * kernel->sum_bytes, LINE);
    plan.thread_bytes = plan.mc / kernel->mr * kernel->a_bytes;
    const size_t sums = plan.splits == 1 ? (size_t)plan.threads
                                         : plan.blocks * plan.splits;
    plan.scratch_bytes = plan.b_bytes + sums * plan.sums_bytes +
                         (size_t)plan.threads * plan.thread_bytes;
    return plan;
}

/* Where things are while columns j .. j + width are computed. */
struct stage {
    const struct gemm_plan *plan;
    size_t j, width;
    char *b, *sums, *a;
    bool refused;
};

static struct gemm_lines lines_of(const struct gemm_plan *plan, bool of_a, size_t first,
                                  size_t count, size_t k)
{
    const struct gemm_kernel *kernel = plan->kernel;
    const size_t depth = least(kernel->kc, plan->done.shape.k - k);
    if (of_a)
        return (struct gemm_lines){element(plan, &plan->done.a, first, k), count, depth,
                                   plan->done.a.row, plan->done.a.column};
    return (struct gemm_lines){element(plan, &plan->done.b, k, first), count, depth,
                               plan->done.b.column, plan->done.b.row};
}

static bool pack_column_panel(const struct stage *stage, size_t panel)
{
    const struct gemm_plan *plan = stage->plan;
    const struct gemm_kernel *kernel = plan->kernel;
    const size_t across = ceil_div(stage->width, kernel->nr);
    const size_t j = panel % across * kernel->nr, k = panel / across * kernel->kc;
    const struct gemm_lines columns = lines_of(
        plan, false, stage->j + j, least(kernel->nr, stage->width - j), k);
    return kernel->pack_b(&columns, stage->b + panel * kernel->b_bytes);
}

/* Add to (or set) the sums of rows i .. i + rows what one depth of panels gives. */
static bool multiply_panels(const struct stage *stage, size_t i, size_t rows, size_t k,
                            char *a, char *sums, bool first)
{
    const struct gemm_plan *plan = stage->plan;
    const struct gemm_kernel *kernel = plan->kernel;
    const bool along = plan->done.a.column == 1;
    const size_t panels = ceil_div(stage->width, kernel->nr);
    const char *b = stage->b + k / kernel->kc * panels * kernel->b_bytes;
    const size_t sum = kernel->sum_bytes;
    bool packed = true;
    if (!kernel->direct)
        for (size_t r = 0; r < rows; r += kernel->mr) {
            const struct gemm_lines lines =
                lines_of(plan, true, i + r, least(kernel->mr, rows - r), k);
            packed &= kernel->pack_a(&lines, a + r / kernel->mr * kernel->a_bytes);
        }
    for (size_t panel = 0; panel < panels; panel++)
        for (size_t r = 0; r < rows; r += kernel->mr) {
            const struct gemm_lines lines =
                lines_of(plan, true, i + r, least(kernel->mr, rows - r), k);
            const void *from = a + r / kernel->mr * kernel->a_bytes;
            kernel->tile(lines.k, kernel->direct ? &lines : from, along,
                         b + panel * kernel->b_bytes,
                         sums + (r * plan->pitch + panel * kernel->nr) * sum, plan->pitch,
                         first);
        }
    return packed;
}

static void store_block(const struct stage *stage, size_t i, size_t rows,
                        const char *sums)
{
    const struct gemm_plan *plan = stage->plan;
    const struct gemm_kernel *kernel = plan->kernel;
    const size_t sum = kernel->sum_bytes;
    if (plan->done.c.column == 1)
        for (size_t r = 0; r < rows; r++)
            kernel->store(sums + r * plan->pitch * sum, 1, stage->width,
                          (char *)element(plan, &plan->done.c, i + r, stage->j));
    else
        for (size_t j = 0; j < stage->width; j++)
            kernel->store(sums + j * sum, plan->pitch, rows,
                          (char *)element(plan, &plan->done.c, i, stage->j + j));
}

/* One task: the rows of a block, over one split of k. */
static bool multiply_block(const struct stage *stage, size_t task)
{
    const struct gemm_plan *plan = stage->plan;
    const size_t thread = (size_t)omp_get_thread_num();
    const size_t block = task / plan->splits, split = task % plan->splits;
    const size_t i = block * plan->mc, rows = least(plan->mc, plan->done.shape.m - i);
    const size_t depths = ceil_div(plan->done.shape.k, plan->kernel->kc);
    const size_t begin = depths * split / plan->splits;
    const size_t end = depths * (split + 1) / plan->splits;
    char *a = stage->a + thread * plan->thread_bytes;
    char *sums = stage->sums + (plan->splits == 1 ? thread : task) * plan->sums_bytes;
    bool packed = true;
    for (size_t depth = begin; depth < end; depth++)
        packed &= multiply_panels(stage, i, rows, depth * plan->kernel->kc, a, sums,
                                  depth == begin);
    if (plan->splits == 1)
        store_block(stage, i, rows, sums);
    return packed;
}

/* Add the sums of all splits to those of the first, and round them. */
static void reduce_block(const struct stage *stage, size_t block)
{
    const struct gemm_plan *plan = stage->plan;
    const size_t i = block * plan->mc, rows = least(plan->mc, plan->done.shape.m - i);
    char *place = stage->sums + block * plan->splits * plan->sums_bytes;
    float *sums = (void *)place;
    for (size_t split = 1; split < plan->splits; split++) {
        const float *more = (void *)(place + split * plan->sums_bytes);
        for (size_t r = 0; r < rows * plan->pitch; r++)
            sums[r] += more[r];
    }
    store_block(stage, i, rows, place);
}

bool gemm_run(const struct gemm_plan *plan, void *scratch)
{
    const struct gemm_kernel *kernel = plan->kernel;
    const size_t sums = plan->splits == 1 ? (size_t)plan->threads
                                          : plan->blocks * plan->splits;
    struct stage stage = {plan, 0, 0, scratch, (char *)scratch + plan->b_bytes, NULL,
                          false};
    stage.a = stage.sums + sums * plan->sums_bytes;
    const size_t depths = ceil_div(plan->done.shape.k, kernel->kc);
    const size_t tasks = plan->blocks * plan->splits;
    bool packed = true;
    for (size_t j = 0; j < plan->done.shape.n && packed; j += plan->nc) {
        stage.j = j;
        stage.width = least(plan->nc, plan->done.shape.n - j);
        const size_t panels = depths * ceil_div(stage.width, kernel->nr);
#pragma omp parallel num_threads(plan->threads) if (plan->threads > 1)
        {
#pragma omp for schedule(static) reduction(&& : packed)
            for (size_t panel = 0; panel < panels; panel++)
                packed = pack_column_panel(&stage, panel) && packed;
#pragma omp for schedule(dynamic) reduction(&& : packed)
            for (size_t task = 0; task < tasks; task++)
                packed = multiply_block(&stage, task) && packed;
            if (plan->splits > 1) {
#pragma omp for schedule(static)
                for (size_t block = 0; block < plan->blocks; block++)
                    reduce_block(&stage, block);
            }
        }
    }
    return packed;
}
