// Where a tile of a packed product lies, and its epilogue: dequantised, biased and activated to y. Before
// including it a tier includes vector_math.h and defines
//   ck_sums                           CK_WIDTH sums
//   ck_vf values(ck_sums, const ck_panel_job *, uint32_t row, uint32_t column)    the product at column …

enum { group_bytes = 4, line_bytes = CK_PANEL * group_bytes, panel_vectors = CK_PANEL / CK_WIDTH };

/// A tile's place in the job.
typedef struct tile_place {
  const char *panels; // the tile's first
  size_t panel_bytes;
  const char *ahead; // what to prefetch meanwhile …
  size_t ahead_step; // … at this many bytes a group
  uint32_t groups, row, column;
} tile_place;

/// The sums of a tile, dequantised, biased and activated, to y.
static void store_tile(const ck_panel_job *job, const ck_sums *sums, const tile_place *place, uint32_t rows,
                       uint32_t panels) {
  uint32_t left = job->columns - place->column, width = panels * CK_PANEL < left ? panels * CK_PANEL : left;
  const float *bias = job->bias ? job->bias + place->column : NULL;
  for (uint32_t row = place->row; row < place->row + rows; row++, sums += panels * panel_vectors) {
    float *y = job->y + (size_t)row * job->ldy + place->column;
    uint32_t i = 0;
    for (; i + CK_WIDTH <= width; i += CK_WIDTH) {
      ck_vf x = values(sums[i / CK_WIDTH], job, row, place->column + i);
      if (bias)
        x += load(bias + i);
      store(y + i, x);
    }
    if (i < width) {
      ck_vf x = values(sums[i / CK_WIDTH], job, row, place->column + i);
      if (bias)
        x += load_some(bias + i, width - i);
      store_some(y + i, x, width - i);
    }
    if (job->activation != CK_ACTIVATION_NONE)
      bias_activation(y, y, NULL, width, job->activation);
  }
}

CK_INLINE uint32_t divided_up(uint32_t count, uint32_t size) { return (count + size - 1) / size; }

/// Where part `part` begins when `count` things are cut into `parts` as equal as can be.
CK_INLINE uint32_t cut(uint32_t count, uint32_t part, uint32_t parts) {
  return (uint32_t)((uint64_t)count * part / parts);
}
