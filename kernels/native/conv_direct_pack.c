/* The weights of a view, packed as its blocks read them:

       [group][k / width][c / block][r][s][block][width][halves], zeros beyond k */

#include "conv_direct.h"

#include <string.h>

#include "conv_direct_cut.h"
#include "sizes.h"

size_t conv_view_packed_items(const struct conv_engine *engine,
                              const struct conv_view *a)
{
    const struct conv_cut cut = conv_view_cut(engine, a);
    return a->groups * conv_cut_packed_before(a, &cut, cut.k_blocks) * engine->halves;
}

static void pack_step(const struct conv_view *a, const uint16_t *from, size_t channels,
                      size_t width, size_t halves, uint16_t *to)
{
    for (size_t k = 0; k < channels; k++)
        for (size_t i = 0; i < halves; i++)
            to[k * halves + i] = from[(ptrdiff_t)k * a->w_k + (ptrdiff_t)i * a->w_c];
    memset(to + channels * halves, 0, (width - channels) * halves * sizeof *to);
}

void conv_view_pack(const struct conv_engine *engine, const struct conv_view *a,
                    const uint16_t *weights, uint16_t *to)
{
    const struct conv_cut cut = conv_view_cut(engine, a);
    const size_t halves = engine->halves;
    for (size_t g = 0; g < a->groups; g++)
        for (size_t kb = 0; kb < cut.k_blocks; kb++) {
            const size_t width = conv_cut_width(&cut, kb);
            const size_t channels = least(width, cut.k - kb * cut.width);
            for (size_t first = 0; first < cut.c; first += cut.block)
                for (size_t tap = 0; tap < a->r * a->s; tap++) {
                    const size_t last = least(first + cut.block, cut.c);
                    const uint16_t *from =
                        weights + a->w_first + (ptrdiff_t)g * a->w_group +
                        (ptrdiff_t)(kb * cut.width) * a->w_k +
                        (ptrdiff_t)(tap / a->s) * a->w_r +
                        (ptrdiff_t)(tap % a->s) * a->w_s;
                    for (size_t c = first; c < last; c++, to += width * halves)
                        pack_step(a, from + (ptrdiff_t)(c * halves) * a->w_c, channels,
                                  width, halves, to);
                }
        }
}
