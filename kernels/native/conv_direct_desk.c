#include "conv_direct_desk.h"

#include "sizes.h"

/* Find the inputs that outputs `first` .. `last` - 1 need. */
static void reach(size_t first, size_t last, size_t stride, size_t taps,
                  size_t dilation, ptrdiff_t pad, size_t extent, size_t step,
                  size_t *begin, size_t *count)
{
    ptrdiff_t low = (ptrdiff_t)(first * stride) - pad;
    const size_t last_tap = (last - 1) * stride + (taps - 1) * dilation;
    const ptrdiff_t high = (ptrdiff_t)last_tap - pad;
    while (low < 0)
        low += (ptrdiff_t)step;
    const ptrdiff_t end = high < (ptrdiff_t)extent ? high + 1 : (ptrdiff_t)extent;
    *begin = (size_t)low;
    *count = end > low ? ceil_div((size_t)(end - low), step) : 0;
}

void conv_desk_load(struct conv_desk *desk, const uint16_t *image, size_t group)
{
    const struct conv_view *a = desk->a;
    const struct conv_cut *cut = desk->cut;
    if (a->r * a->s == 0)
        return;
    reach(desk->p, desk->p_end, a->stride_h, a->r, a->dilation_h, a->pad_h, a->h,
          cut->step_h, &desk->h, &desk->rows);
    reach(desk->q, desk->q_end, a->stride_w, a->s, a->dilation_w, a->pad_w, a->w,
          cut->step_w, &desk->w, &desk->cols);
    const size_t plane = desk->rows * desk->cols * cut->block;
    const size_t halves = desk->engine->halves;
    const bool whole = cut->c == a->c && cut->blocks == 1 && cut->step_w == 1;
    for (size_t row = 0; row < desk->rows; row++) {
        const uint16_t *from =
            image + (((desk->h + row * cut->step_h) * a->w + desk->w) * a->c +
                     group * cut->c) *
                        halves;
        float *to = desk->x + row * desk->cols * cut->block;
        if (whole)
            desk->engine->widen(from, to, desk->cols * cut->c);
        for (size_t col = 0; col < desk->cols && !whole; col++) {
            for (size_t b = 0; b < cut->blocks; b++)
                desk->engine->widen(from + b * cut->block * halves, to + b * plane,
                                    least(cut->block, cut->c - b * cut->block));
            from += cut->step_w * a->c * halves;
            to += cut->block;
        }
    }
}

void conv_view_runs(const struct conv_view *a, struct conv_run *runs)
{
    for (size_t s = 0; s < a->s; s++) {
        const ptrdiff_t shift = a->pad_w - (ptrdiff_t)(s * a->dilation_w);
        const ptrdiff_t end = (ptrdiff_t)a->w + shift;
        runs[s].first = shift > 0 ? ceil_div((size_t)shift, a->stride_w) : 0;
        runs[s].last = end > 0 ? ceil_div((size_t)end, a->stride_w) : 0;
    }
}

void conv_desk_list(struct conv_desk *desk, size_t chunk, size_t p, size_t s,
                    size_t s_end)
{
    /* Copies stay in registers: what lies in memory a stored tap could change. */
    const struct conv_desk at = *desk;
    const struct conv_view a = *desk->a;
    const struct conv_cut cut = *desk->cut;
    const bool merged = cut.blocks == 1 && a.dilation_w == 1 && cut.step_w == 1;
    const size_t first = chunk * cut.chunk;
    const size_t end = least(first + cut.chunk, cut.blocks);
    struct conv_tap *tap = desk->taps;
    for (size_t b = first; b < end; b++) {
        const size_t channels = least(cut.block, cut.c - b * cut.block);
        for (size_t r = 0; r < a.r; r++) {
            const size_t down = p * a.stride_h + r * a.dilation_h;
            const ptrdiff_t h = (ptrdiff_t)down - a.pad_h;
            if (h < 0 || h >= (ptrdiff_t)a.h)
                continue;
            const size_t row = ((size_t)h - at.h) / cut.step_h;
            for (size_t t = s; t < s_end; t += merged ? s_end - s : 1) {
                const size_t right = at.q * a.stride_w + t * a.dilation_w - at.w;
                const ptrdiff_t w = (ptrdiff_t)right - a.pad_w;
                const size_t col = (size_t)(w / (ptrdiff_t)cut.step_w);
                *tap++ = (struct conv_tap){
                    ((b * at.rows + row) * at.cols + col) * cut.block,
                    ((b - first) * cut.block * a.r * a.s + (r * a.s + t) * channels) *
                        at.width,
                    channels * (merged ? s_end - s : 1)};
            }
        }
    }
    desk->tap_count = (size_t)(tap - desk->taps);
    desk->listed_s = s;
    desk->listed_s_end = s_end;
}
