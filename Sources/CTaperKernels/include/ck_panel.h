// Packed weights: the layouts of gemm's `weight` operand. Each precision has one layout for all tiers, so
// that a plan runs on any CPU without packing its weights again.
//
// A weight [columns, depth] (out, in) is stored in panels of CK_PANEL columns. The last panel is padded with
// zero columns, and depth with zeros to a multiple of `group`. Within a panel, `group` neighbours in depth
// lie side by side, so that one vector holds one group of each of 16 columns: element (n, k) of panel p = n /
// 16 is at
//     p · 16 · depth' + (k / group) · 16 · group + (n mod 16) · group + k mod group        depth' = depth
//     rounded up to group
//   f32   group 1: one AVX-512 vector, two of AVX2, four of NEON
//   bf16  group 2: the pairs of VDPBF16PS, of BFDOT and of an AMX tile's rows
//   bf16x2, bf16x3
//         group 2, but every element is the sum of two or three bf16, its planes (ck_op.h): in place of each
//         line of 16 pairs stand the lines of the planes, one after the other
//   i8    group 4: the quads of VPDPBUSD, of SDOT and of an AMX tile's rows; after all panels (a multiple of
//   64 bytes) come
//         scale[columns'] as f32 and sum[columns'] as i32, where sum[n] = Σ_k w(n, k) and columns' = 16 ·
//         panels
//   i8 pairs
//         as i8, and of two neighbours k = 2·j and 2·j + 1 the codes above zero add up to at most 128, and
//         so do those below: either sum fits 16 bits when each code is multiplied by up to 255
// TaperPlanFormat.WeightLayout computes the same sizes; a test compares the two.
#pragma once
#include "ck_sizes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// How a weight lies in memory; values equal TaperPlanFormat.WeightLayout's.
typedef enum ck_weight_layout : uint32_t {
  CK_WEIGHT_ROW_MAJOR = 0,
  CK_WEIGHT_PANEL_F32 = 1,
  CK_WEIGHT_PANEL_BF16 = 2,
  CK_WEIGHT_PANEL_I8 = 3,
  CK_WEIGHT_PANEL_BF16X2 = 4,
  CK_WEIGHT_PANEL_BF16X3 = 5,
  CK_WEIGHT_PANEL_I8_PAIRS = 6,
} ck_weight_layout;

static inline uint32_t ck_panels(uint32_t columns) { return (columns + CK_PANEL - 1) / CK_PANEL; }

/// Bytes of an element of weights, and of the activations that they are multiplied with.
static inline uint32_t ck_element_bytes(ck_weight_layout layout) {
  switch (layout) {
  case CK_WEIGHT_PANEL_I8:
  case CK_WEIGHT_PANEL_I8_PAIRS:
    return 1;
  case CK_WEIGHT_PANEL_BF16:
    return 2;
  case CK_WEIGHT_PANEL_BF16X3:
    return 6;
  default:
    return 4;
  }
}

static inline uint32_t ck_layout_group(ck_weight_layout layout) {
  switch (layout) {
  case CK_WEIGHT_PANEL_I8:
  case CK_WEIGHT_PANEL_I8_PAIRS:
    return CK_GROUP_I8;
  case CK_WEIGHT_PANEL_BF16:
  case CK_WEIGHT_PANEL_BF16X2:
  case CK_WEIGHT_PANEL_BF16X3:
    return CK_GROUP_BF16;
  default:
    return 1;
  }
}

/// Whether the layout has codes with a scale and a sum for every column.
static inline bool ck_layout_has_scales(ck_weight_layout layout) {
  return layout == CK_WEIGHT_PANEL_I8 || layout == CK_WEIGHT_PANEL_I8_PAIRS;
}

/// How many bf16 an element is the sum of; 1 where it is no such sum.
static inline uint32_t ck_layout_planes(ck_weight_layout layout) {
  return layout == CK_WEIGHT_PANEL_BF16X3 ? 3 : layout == CK_WEIGHT_PANEL_BF16X2 ? 2 : 1;
}

/// Bytes of one panel of a packed layout.
static inline size_t ck_panel_bytes(ck_weight_layout layout, uint32_t depth) {
  uint32_t group = ck_layout_group(layout);
  return (size_t)CK_PANEL * ((depth + group - 1) / group * group) * ck_element_bytes(layout);
}

/// Bytes of a weight [columns, depth].
static inline size_t ck_weight_bytes(ck_weight_layout layout, uint32_t columns, uint32_t depth) {
  if (layout == CK_WEIGHT_ROW_MAJOR)
    return (size_t)columns * depth * sizeof(float);
  size_t tail = ck_layout_has_scales(layout) ? CK_PANEL * CK_COLUMN_BYTES_I8 : 0;
  return ck_panels(columns) * (ck_panel_bytes(layout, depth) + tail);
}

/// Parts that a packed product is cut into: one a worker, as far as spans go (GemmPartition.packedParts).
static inline uint32_t ck_packed_parts(uint32_t columns, uint32_t workers) {
  uint32_t spans = (ck_panels(columns) + CK_PANEL_SPAN - 1) / CK_PANEL_SPAN;
  return spans < workers ? spans : workers;
}
