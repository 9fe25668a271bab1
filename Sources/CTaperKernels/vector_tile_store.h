// A tile's place in a packed product, and its epilogue: dequantise, add the bias, activate, store.
// Before including this file a tier includes vector_math.h and defines
//   ck_sums                           CK_WIDTH sums
//   ck_vf values(ck_sums, const ck_panel_job *, uint32_t row, uint32_t column)
//                                     the product's values at this row, from `column` on

#include <stdbool.h>

enum { group_bytes = 4, line_bytes = CK_PANEL * group_bytes, panel_vectors = CK_PANEL / CK_WIDTH };

/// A tile's place in the job.
typedef struct tile_place {
  const char *panels; // the tile's first
  size_t panel_bytes;
  // prefetches during the tile: with each group one line in each stream, of which there are as many as panels
  const char *prefetch, *prefetch_next;  // where they start, and where they go on from `switch_offset` on
  size_t prefetch_stream, prefetch_step; // bytes from one stream to the next, and from one group to the next
  size_t switch_offset;                  // bytes into a row of a; SIZE_MAX: never
  bool into_l1;                          // otherwise into L2
  uint32_t groups, row, column;
} tile_place;

CK_INLINE void activate_tile(float *x, size_t n, ck_activation activation) {
  if (activation != CK_ACTIVATION_GELU) {
    bias_activation(x, x, NULL, n, activation);
    return;
  }
  size_t i = 0;
  for (; i + 4 * CK_WIDTH <= n; i += 4 * CK_WIDTH)
    store_four(x + i, rough_gelu(load_four(x + i)));
  for (; i < n; i += CK_WIDTH)
    store(x + i, rough_gelu(load(x + i)));
}

/// The epilogue of a tile of rows × panels: sums dequantised, biased, activated and stored. `x` has room
/// for the tile's values side by side, so that the activation always has four vectors at once to work on.
CK_INLINE void store_tile(const ck_panel_job *job, const ck_sums *sums, const tile_place *place,
                          const uint32_t rows, const uint32_t panels, float *x) {
  const uint32_t vectors = panels * panel_vectors, left = job->columns - place->column;
  for (uint32_t v = 0; v < vectors; v++) {
    const uint32_t i = v * CK_WIDTH;
    ck_vf bias = splat(0);
    if (job->bias && left >= i + CK_WIDTH)
      bias = load(job->bias + place->column + i);
    else if (job->bias && left > i)
      bias = load_some(job->bias + place->column + i, left - i);
    for (uint32_t r = 0; r < rows; r++)
      store(x + (r * vectors + v) * CK_WIDTH,
            values(sums[r * vectors + v], job, place->row + r, place->column + i) + bias);
  }
  if (job->activation != CK_ACTIVATION_NONE)
    activate_tile(x, rows * vectors * CK_WIDTH, job->activation);
  if (job->encoded) {
    for (uint32_t r = 0; r < rows; r++, x += vectors * CK_WIDTH)
      for (uint32_t i = 0; i < panels * CK_PANEL && i < left; i += CK_WIDTH)
        store_encoded(job->encoded[place->row + r], job->encoded_offset + 2 * (place->column + i),
                      load(x + i), left - i < CK_WIDTH ? left - i : CK_WIDTH);
    return;
  }
  float *y = job->y + (size_t)place->row * job->ldy + place->column;
  for (uint32_t r = 0; r < rows; r++, x += vectors * CK_WIDTH, y += job->ldy)
    for (uint32_t i = 0; i < panels * CK_PANEL; i += CK_WIDTH)
      if (left >= i + CK_WIDTH)
        store(y + i, load(x + i));
      else if (left > i)
        store_some(y + i, load(x + i), left - i);
}
