// Instruction-set tiers. No SIMD in here: this file runs on every CPU.
#pragma once
#include <stdint.h>

/// Tiers in ascending order within an architecture; scalar exists everywhere.
typedef enum ck_tier : uint32_t {
  CK_TIER_SCALAR = 0,
  CK_TIER_AVX2 = 1,   // AVX2 + FMA
  CK_TIER_AVX512 = 2, // AVX-512 F, BW, DQ, VL
  CK_TIER_NEON = 8,
} ck_tier;

/// The best tier of this CPU, capped by the environment variable TAPER_MAX_TIER (scalar, avx2, avx512, neon).
/// An unknown value in the variable is ignored.
ck_tier ck_detect_tier(void);
/// The best tier of this CPU whatever the environment says.
ck_tier ck_host_tier(void);
const char *ck_tier_name(ck_tier tier);
/// Writes the CPU's brand string (NUL-terminated, trimmed) into buffer; "unknown" when it cannot be read.
void ck_cpu_name(char *buffer, uint32_t capacity);
/// Feature words for the fingerprint: "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", …
/// space-separated.
void ck_cpu_features(char *buffer, uint32_t capacity);
