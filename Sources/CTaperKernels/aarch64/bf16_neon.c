// Packed bf16 products in f32 on NEON.
#if defined(__aarch64__)
#include <arm_neon.h>
#define CK_WIDTH 4
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_bf16_neon
#define CK_DOT_ROWS 4
#define CK_DOT_PANELS(rows) ((rows) == 1 ? 2 : 1)

#include "lanes_neon.h"

#include "../vector_math.h"

#include "../vector_dots_bf16.h"

#include "../vector_attention_bf16.h"

const ck_bf16_attention ck_attention_bf16_neon = CK_ATTENTION_BF16(NULL, NULL);
#endif
