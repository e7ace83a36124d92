/* Sums parts in their order, one work-item per element: right on every device.
 *
 * parts [COUNT, ELEMENTS] -> sum [ELEMENTS], dense: float32.
 *
 * Needs macros:
 *   NAME                     the kernel's name
 *   COUNT ELEMENTS           at least 1
 *   PARTS_OFFSET SUM_OFFSET  where they begin in their buffers, in elements
 *
 * Launched by the plan, any local size, global size of one dimension at least ELEMENTS. */

kernel void NAME(global const float *restrict parts, global float *restrict sum)
{
    const size_t element = get_global_id(0);
    if (element >= ELEMENTS) return;
    float total = 0.0f;
    for (size_t part = 0; part < COUNT; part++)
        total += parts[PARTS_OFFSET + part * ELEMENTS + element];
    sum[SUM_OFFSET + element] = total;
}

#undef NAME
#undef COUNT
#undef ELEMENTS
#undef PARTS_OFFSET
#undef SUM_OFFSET
