#define _GNU_SOURCE
#include "CAMXEmulator.h"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

// The kernels' table of the tier amx (ck_table.h): a program that does not link this file gets it from
// ck_kernels(), and only on a CPU that has the tiles.
extern const ck_table ck_table_amx;

enum { tile_count = 8, tile_rows = 16, row_bytes = 64 };

typedef struct tile {
  char row[tile_rows][row_bytes];
} tile;

/// What LDTILECFG reads.
typedef struct tile_config {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_config;

typedef struct tiles {
  tile_config config; // palette 0: not configured
  tile tile[tile_count];
} tiles;

static _Thread_local tiles state;
static _Thread_local amx_counts counts;

/// From a signal handler: no stdio.
static _Noreturn void fault(const char *instruction, const char *reason) {
  const char *parts[] = {"AMX emulator: ", instruction, " faults: ", reason, "\n"};
  for (int i = 0; i < 5; i++)
    if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0)
      break;
  abort();
}

static int is_zero(const void *memory, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (((const uint8_t *)memory)[i])
      return 0;
  return 1;
}

static void load_config(tiles *tiles, const void *memory) {
  tile_config config;
  memcpy(&config, memory, sizeof config);
  if (config.palette > 1)
    fault("LDTILECFG", "#GP, palette above 1");
  if (config.palette == 0) {
    memset(tiles, 0, sizeof *tiles);
    return;
  }
  if (!is_zero(config.reserved, sizeof config.reserved) || !is_zero(config.row_bytes + tile_count, 16) ||
      !is_zero(config.rows + tile_count, 8))
    fault("LDTILECFG", "#GP, reserved bytes are not zero");
  for (int t = 0; t < tile_count; t++) {
    if (config.row_bytes[t] > row_bytes || config.rows[t] > tile_rows)
      fault("LDTILECFG", "#GP, a tile has more than 16 rows or 64 bytes a row");
    if (!config.row_bytes[t] != !config.rows[t])
      fault("LDTILECFG", "#GP, a tile has rows without bytes or bytes without rows");
  }
  memset(tiles, 0, sizeof *tiles);
  tiles->config = config;
}

static void require(const tiles *tiles, const char *instruction, uint32_t t) {
  if (!tiles->config.palette)
    fault(instruction, "#UD, no tiles are configured");
  if (t >= tile_count || !tiles->config.rows[t])
    fault(instruction, "#UD, the tile is not configured");
}

static void load_tile(tiles *tiles, uint32_t t, const char *memory, int64_t stride) {
  require(tiles, "TILELOADD", t);
  memset(&tiles->tile[t], 0, sizeof(tile));
  for (int r = 0; r < tiles->config.rows[t]; r++)
    memcpy(tiles->tile[t].row[r], memory + r * stride, tiles->config.row_bytes[t]);
}

static void store_tile(const tiles *tiles, uint32_t t, char *memory, int64_t stride) {
  require(tiles, "TILESTORED", t);
  for (int r = 0; r < tiles->config.rows[t]; r++)
    memcpy(memory + r * stride, tiles->tile[t].row[r], tiles->config.row_bytes[t]);
}

#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)

/// Denormals are zeros, before and after every step; to nearest even; no exception is raised.
static void multiply_bf16(tile *c, const tile *a, const tile *b, int rows, int pairs) {
  const unsigned control = _mm_getcsr();
  _mm_setcsr(0x9FC0);
  __m512 even[tile_rows], odd[tile_rows];
  for (int k = 0; k < pairs; k++) {
    __m512i words = _mm512_loadu_si512(b->row[k]);
    even[k] = _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
    odd[k] = _mm512_castsi512_ps(_mm512_and_si512(words, _mm512_set1_epi32((int)0xFFFF0000)));
  }
  for (int m = 0; m < rows; m++) {
    __m512 even_sum = _mm512_setzero_ps(), odd_sum = _mm512_setzero_ps();
    for (int k = 0; k < pairs; k++) {
      uint32_t pair;
      memcpy(&pair, a->row[m] + 4 * k, 4);
      __m512 low = _mm512_castsi512_ps(_mm512_set1_epi32((int)(pair << 16)));
      __m512 high = _mm512_castsi512_ps(_mm512_set1_epi32((int)(pair & 0xFFFF0000)));
      even_sum = _mm512_fmadd_ps(low, even[k], even_sum);
      odd_sum = _mm512_fmadd_ps(high, odd[k], odd_sum);
    }
    __m512 sum = _mm512_add_ps(_mm512_loadu_ps(c->row[m]), _mm512_add_ps(even_sum, odd_sum));
    _mm512_storeu_ps(c->row[m], sum);
  }
  _mm_setcsr(control);
}

/// Byte `byte` of each double word.
static __m512i bytes_of(__m512i words, int byte, int is_signed) {
  __m512i top = _mm512_sllv_epi32(words, _mm512_set1_epi32(24 - 8 * byte));
  return is_signed ? _mm512_srai_epi32(top, 24) : _mm512_srli_epi32(top, 24);
}

/// Sums wrap at 32 bits.
static void multiply_bytes(tile *c, const tile *a, const tile *b, int rows, int quads, int a_is_signed,
                           int b_is_signed) {
  for (int k = 0; k < quads; k++) {
    __m512i words = _mm512_loadu_si512(b->row[k]), factor[4];
    for (int byte = 0; byte < 4; byte++)
      factor[byte] = bytes_of(words, byte, b_is_signed);
    for (int m = 0; m < rows; m++) {
      __m512i sum = _mm512_loadu_si512(c->row[m]);
      for (int byte = 0; byte < 4; byte++) {
        uint8_t value = (uint8_t)a->row[m][4 * k + byte];
        __m512i left = _mm512_set1_epi32(a_is_signed ? (int8_t)value : value);
        sum = _mm512_add_epi32(sum, _mm512_mullo_epi32(left, factor[byte]));
      }
      _mm512_storeu_si512(c->row[m], sum);
    }
  }
}

#pragma clang attribute pop

static void multiply(tiles *tiles, amx_product product, uint32_t c, uint32_t a, uint32_t b) {
  static const char *const names[] = {"TDPBF16PS", "TDPBSSD", "TDPBSUD", "TDPBUSD", "TDPBUUD"};
  const char *name = names[product];
  const uint8_t *rows = tiles->config.rows;
  const uint16_t *bytes = tiles->config.row_bytes;
  require(tiles, name, c);
  require(tiles, name, a);
  require(tiles, name, b);
  if (c == a || c == b || a == b)
    fault(name, "#UD, an operand stands twice");
  if (bytes[c] % 4 || bytes[a] % 4 || bytes[b] % 4)
    fault(name, "#UD, a row is not a multiple of 4 bytes");
  if (rows[c] != rows[a] || bytes[c] != bytes[b] || bytes[a] / 4 != rows[b])
    fault(name, "#UD, the tiles' shapes do not fit");
  tile *sum = &tiles->tile[c];
  const tile *left = &tiles->tile[a], *right = &tiles->tile[b];
  if (product == AMX_BF16)
    multiply_bf16(sum, left, right, rows[a], bytes[a] / 4);
  else
    multiply_bytes(sum, left, right, rows[a], bytes[a] / 4, product == AMX_SS || product == AMX_SU,
                   product == AMX_SS || product == AMX_US);
  // beyond the row's bytes a tile is zero
  for (int m = 0; m < rows[c]; m++)
    memset(sum->row[m] + bytes[c], 0, row_bytes - bytes[c]);
}

// MARK: Decoding

static const int register_place[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                     REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

/// An instruction's operand in memory: base + displacement, and the scaled index, which is a tile's stride.
typedef struct address {
  int64_t base, index;
  const uint8_t *end; // the next instruction
} address;

/// `modrm` points at the ModRM byte; x and b extend the index and the base register.
static address address_at(const uint8_t *modrm, const greg_t *registers, uint32_t x, uint32_t b) {
  address result = {0};
  uint32_t mode = *modrm >> 6, base = *modrm & 7, has_base = 1;
  const uint8_t *next = modrm + 1;
  if (base == 4) {
    uint32_t sib = *next++, index = (sib >> 3 & 7) | x << 3;
    base = sib & 7;
    if (index != 4)
      result.index = (int64_t)((uint64_t)registers[register_place[index]] << (sib >> 6));
    has_base = base != 5 || mode != 0;
  } else if (base == 5 && mode == 0) {
    has_base = 0; // relative to the next instruction
    result.base = (int64_t)(next + 4);
  }
  if (has_base)
    result.base = registers[register_place[base | b << 3]];
  if (mode == 1)
    result.base += (int8_t)*next++;
  if (mode == 2 || !has_base) {
    int32_t displacement;
    memcpy(&displacement, next, 4);
    result.base += displacement;
    next += 4;
  }
  result.end = next;
  return result;
}

/// Whether the instruction at the context's place is one of the tiles', which is then done.
static int emulate(ucontext_t *context) {
  greg_t *registers = context->uc_mcontext.gregs;
  const uint8_t *code = (const uint8_t *)registers[REG_RIP];
  // VEX with three bytes: opcode map 0F38, W 0, 128 bits
  if (code[0] != 0xC4 || (code[1] & 0x9F) != 0x82 || (code[2] & 0x84) != 0)
    return 0;
  uint32_t x = !(code[1] & 0x40), b = !(code[1] & 0x20), prefix = code[2] & 3;
  enum { none, p66, pF3, pF2 };
  const uint8_t *modrm = code + 4;
  uint32_t is_register = *modrm >> 6 == 3, t = *modrm >> 3 & 7, rm = *modrm & 7;
  uint32_t third = ~code[2] >> 3 & 15;
  const uint8_t *end = modrm + 1;
  address place = {.end = end};
  if (!is_register)
    place = address_at(modrm, registers, x, b);
  switch (code[3]) {
  case 0x49: // TILERELEASE, TILEZERO, LDTILECFG, STTILECFG
    if (is_register && prefix == none && *modrm == 0xC0)
      memset(&state, 0, sizeof state);
    else if (is_register && prefix == pF2 && rm == 0) {
      require(&state, "TILEZERO", t);
      counts.zeros++;
      memset(&state.tile[t], 0, sizeof(tile));
    } else if (!is_register && prefix == none && t == 0) {
      load_config(&state, (const char *)place.base + place.index);
      counts.configurations++;
    } else if (!is_register && prefix == p66 && t == 0)
      memcpy((char *)place.base + place.index, &state.config, sizeof state.config);
    else
      return 0;
    break;
  case 0x4B:
    if (is_register || rm != 4 || prefix == none)
      return 0;
    if (prefix == pF3) {
      store_tile(&state, t, (char *)place.base, place.index);
      counts.stores++;
    } else { // TILELOADD, and TILELOADDT1 (66), which is a hint about caches
      load_tile(&state, t, (const char *)place.base, place.index);
      *(prefix == p66 ? &counts.streamed_loads : &counts.loads) += 1;
    }
    break;
  case 0x5C:
    if (!is_register || prefix != pF3)
      return 0;
    multiply(&state, AMX_BF16, t, rm, third);
    counts.products++;
    break;
  case 0x5E: {
    static const amx_product products[] = {[none] = AMX_UU, [p66] = AMX_US, [pF3] = AMX_SU, [pF2] = AMX_SS};
    if (!is_register)
      return 0;
    multiply(&state, products[prefix], t, rm, third);
    counts.products++;
    break;
  }
  default:
    return 0;
  }
  registers[REG_RIP] = (greg_t)place.end;
  return 1;
}

static struct sigaction previous;

static void handle(int signal, siginfo_t *information, void *context) {
  (void)information;
  if (!emulate(context))
    sigaction(signal, &previous, NULL); // not ours: the instruction is tried again, and faults as before
}

static void install(void) {
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGILL, &action, &previous);
}

const ck_table *amx_emulated_table(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  if (ck_tier_at_most(CK_TIER_AVX512) != CK_TIER_AVX512 || !__builtin_cpu_supports("avx512bf16") ||
      !__builtin_cpu_supports("avx512vbmi"))
    return NULL;
  pthread_once(&once, install);
  return &ck_table_amx;
}

amx_counts amx_take_counts(void) {
  amx_counts taken = counts;
  memset(&counts, 0, sizeof counts);
  return taken;
}

// MARK: The instructions themselves

static tile_config config_of(amx_shape c, amx_shape a, amx_shape b) {
  return (tile_config){.palette = 1,
                       .row_bytes = {(uint16_t)c.row_bytes, (uint16_t)a.row_bytes, (uint16_t)b.row_bytes},
                       .rows = {(uint8_t)c.rows, (uint8_t)a.rows, (uint8_t)b.rows}};
}

#pragma clang attribute push(__attribute__((target("amx-tile,amx-int8,amx-bf16"))), apply_to = function)

void amx_multiply(amx_product product, amx_shape c_shape, amx_shape a_shape, amx_shape b_shape, void *c,
                  const void *a, const void *b, void *config_back) {
  tile_config config = config_of(c_shape, a_shape, b_shape);
  _tile_loadconfig(&config);
  _tile_storeconfig(config_back);
  _tile_zero(0);
  _tile_loadd(0, c, row_bytes);
  _tile_stream_loadd(1, a, row_bytes);
  _tile_loadd(2, b, row_bytes);
  switch (product) {
  case AMX_BF16:
    _tile_dpbf16ps(0, 1, 2);
    break;
  case AMX_SS:
    _tile_dpbssd(0, 1, 2);
    break;
  case AMX_SU:
    _tile_dpbsud(0, 1, 2);
    break;
  case AMX_US:
    _tile_dpbusd(0, 1, 2);
    break;
  case AMX_UU:
    _tile_dpbuud(0, 1, 2);
    break;
  }
  _tile_stored(0, c, row_bytes);
  _tile_release();
}

#pragma clang attribute pop

void amx_multiply_by_model(amx_product product, amx_shape c_shape, amx_shape a_shape, amx_shape b_shape,
                           void *c, const void *a, const void *b) {
  tiles tiles = {0};
  tile_config config = config_of(c_shape, a_shape, b_shape);
  load_config(&tiles, &config);
  load_tile(&tiles, 0, c, row_bytes);
  load_tile(&tiles, 1, a, row_bytes);
  load_tile(&tiles, 2, b, row_bytes);
  multiply(&tiles, product, 0, 1, 2);
  store_tile(&tiles, 0, c, row_bytes);
}

#else

const ck_table *amx_emulated_table(void) { return 0; }
void amx_multiply(amx_product product, amx_shape c_shape, amx_shape a_shape, amx_shape b_shape, void *c,
                  const void *a, const void *b, void *config_back) {}
void amx_multiply_by_model(amx_product product, amx_shape c_shape, amx_shape a_shape, amx_shape b_shape,
                           void *c, const void *a, const void *b) {}
amx_counts amx_take_counts(void) { return (amx_counts){0}; }

#endif
