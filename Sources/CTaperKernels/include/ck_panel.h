// Packed weights: the layouts of gemm's `weight` operand. One layout a precision serves every tier, so that a
// plan never has to be packed again for the CPU it lands on.
//
// A weight [columns, depth] (out, in) lies in panels of CK_PANEL columns, one after the other; the last is
// filled up with zero columns, and depth to a multiple of `group` with zeros. Within a panel, `group`
// neighbours in depth lie side by side, so that one vector holds 16 columns of one group: element (n, k) of
// panel p = n / 16 is at
//     p · 16 · depth' + (k / group) · 16 · group + (n mod 16) · group + k mod group        depth' = depth
//     rounded up to group
//   f32   group 1: one AVX-512 vector, two of AVX2, four of NEON
//   bf16  group 2: the pairs of VDPBF16PS, of BFDOT and of an AMX tile's rows
//   i8    group 4: the quads of VPDPBUSD, of SDOT and of an AMX tile's rows; after all panels (a multiple of
//   64 bytes) come
//         scale[columns'] as f32 and sum[columns'] as i32, where sum[n] = Σ_k w(n, k) and columns' = 16 ·
//         panels
// TaperPlanFormat.WeightLayout says the same in Swift.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define CK_PANEL 16u

static inline uint32_t ck_panels(uint32_t columns) { return (columns + CK_PANEL - 1) / CK_PANEL; }
