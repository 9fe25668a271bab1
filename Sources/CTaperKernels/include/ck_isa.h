// Instruction-set tiers. No SIMD in here: this file runs on every CPU.
#pragma once
#include <stdint.h>

/// Tiers in ascending order within an architecture; scalar exists everywhere. A tier's table is the one
/// below it with better entries.
typedef enum ck_tier : uint32_t {
  CK_TIER_SCALAR = 0,
  CK_TIER_AVX2 = 1,        // AVX2 + FMA
  CK_TIER_AVX2_VNNI = 2,   // AVX-VNNI on top of AVX2
  CK_TIER_AVX512 = 3,      // AVX-512 F, BW, DQ, VL
  CK_TIER_AVX512_VNNI = 4, // AVX-512 VNNI on top
  CK_TIER_AVX512_BF16 = 5, // AVX-512 BF16 and VBMI on top, where BF16 beats converting (not on Intel)
  CK_TIER_AMX = 6,         // AMX tiles of bf16 and i8 on top of AVX-512 VNNI, BF16 and VBMI
  CK_TIER_NEON = 8,
  CK_TIER_NEON_DOTPROD = 9, // SDOT on top
} ck_tier;

/// The best tier of this CPU, capped by the environment variable TAPER_MAX_TIER (a name of ck_tier_name).
/// An unknown value, or a tier of another architecture, is ignored.
ck_tier ck_detect_tier(void);
/// The best tier of this CPU whatever the environment says.
ck_tier ck_host_tier(void);
/// The best tier of this CPU that is not above `limit`. A CPU need not have every tier below its best.
ck_tier ck_tier_at_most(ck_tier limit);
const char *ck_tier_name(ck_tier tier);
/// Writes the CPU's brand string (NUL-terminated, trimmed) into buffer; "unknown" when it cannot be read.
void ck_cpu_name(char *buffer, uint32_t capacity);
/// Feature words for the fingerprint: "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", …
/// space-separated.
void ck_cpu_features(char *buffer, uint32_t capacity);
