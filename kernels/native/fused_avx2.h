/* x y + sum of eight float16 that float32 holds, rounded once to float16: for AVX2, FMA
   and F16C. Include behind TARGET_BEGIN.

   Exact emulation: x y is exact in float32. s = x y + sum is rounded to odd there, that
   is, its last bit is set where s is inexact; 24 bits are two more than 11 need, so that
   rounding it again, to float16, rounds the exact value (Boldo and Melquiond, Emulation
   of FMA and correctly rounded sums, 2008). */

static ALWAYS_INLINE __m256 fused(__m256 x, __m256 y, __m256 sum)
{
    const __m256 zero = _mm256_setzero_ps();
    const __m256 product = _mm256_mul_ps(x, y), s = _mm256_add_ps(product, sum);
    const __m256 part = _mm256_sub_ps(s, product);
    const __m256 error = _mm256_add_ps(_mm256_sub_ps(product, _mm256_sub_ps(s, part)),
                                       _mm256_sub_ps(sum, part));
    const __m256i bits = _mm256_castps_si256(s), one = _mm256_set1_epi32(1);
    const __m256i inexact =
        _mm256_castps_si256(_mm256_cmp_ps(error, zero, _CMP_NEQ_OQ));
    const __m256i inwards = /* all ones, -1, where the error and s differ in sign */
        _mm256_srai_epi32(_mm256_castps_si256(_mm256_xor_ps(error, s)), 31);
    const __m256i even = _mm256_andnot_si256(bits, one); /* 1 where the last bit is 0 */
    const __m256i move = _mm256_and_si256(
        _mm256_sign_epi32(even, _mm256_or_si256(inwards, one)), inexact);
    const __m256 odd = _mm256_castsi256_ps(_mm256_add_epi32(bits, move));
    return _mm256_cvtph_ps(_mm256_cvtps_ph(odd, _MM_FROUND_TO_NEAREST_INT));
}
