// Vector types for vector_rows.h; CK_WIDTH (4, 8 or 16) is defined before.
#include "ck_table.h"
#include "generic/panel.h"
#include "include/ck_panel.h"

typedef float ck_vf __attribute__((ext_vector_type(CK_WIDTH)));
typedef int32_t ck_vi __attribute__((ext_vector_type(CK_WIDTH)));
typedef uint32_t ck_vu __attribute__((ext_vector_type(CK_WIDTH)));
typedef uint16_t ck_vh __attribute__((ext_vector_type(CK_WIDTH)));
typedef uint8_t ck_vb __attribute__((ext_vector_type(CK_WIDTH)));
/// Four registers at once, for elementwise functions. All of them are inlined, so no calling convention has
/// to pass such vectors.
#pragma clang diagnostic ignored "-Wpsabi"
typedef float ck_v4vf __attribute__((ext_vector_type(4 * CK_WIDTH)));
typedef float ck_v2vf __attribute__((ext_vector_type(2 * CK_WIDTH)));
typedef int32_t ck_v4vi __attribute__((ext_vector_type(4 * CK_WIDTH)));
typedef float ck_v8f __attribute__((ext_vector_type(8)));
typedef float ck_v4f __attribute__((ext_vector_type(4)));
typedef float ck_v2f __attribute__((ext_vector_type(2)));

#if CK_WIDTH == 16
#define CK_LANES 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#elif CK_WIDTH == 8
#define CK_LANES 0, 1, 2, 3, 4, 5, 6, 7
#else
#define CK_LANES 0, 1, 2, 3
#endif
