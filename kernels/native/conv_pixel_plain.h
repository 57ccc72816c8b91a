/* Pixels side by side, one element at a time. */
static void interleave(const uint16_t *from, const struct interleaving *it, uint16_t *to)
{
    for (size_t i = 0; i < VECTORS * LANES; i++)
        for (size_t k = 0; k < it->channels; k++)
            *to++ = from[k * VECTORS * LANES + i];
}
