// What this CPU can do. No SIMD in here.
#include "include/ck_isa.h"
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/// Bit t stands for tier t.
typedef uint32_t tier_set;

static tier_set only(ck_tier tier) { return 1u << tier; }

/// Appends text to the NUL-terminated buffer as far as it fits.
static void append(char *buffer, uint32_t capacity, const char *text) {
  if (capacity == 0)
    return;
  size_t used = strnlen(buffer, capacity);
  while (*text && used + 1 < capacity)
    buffer[used++] = *text++;
  if (used < capacity)
    buffer[used] = 0;
}

static void append_word(char *buffer, uint32_t capacity, const char *word) {
  if (capacity > 0 && buffer[0])
    append(buffer, capacity, " ");
  append(buffer, capacity, word);
}

/// Removes leading, trailing and repeated spaces, in place.
static void squeeze(char *text) {
  char *out = text;
  for (const char *in = text; *in; in++)
    if (*in != ' ' || (out != text && out[-1] != ' '))
      *out++ = *in;
  if (out != text && out[-1] == ' ')
    out--;
  *out = 0;
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct {
  uint32_t a, b, c, d;
} registers;

static registers cpuid(uint32_t leaf, uint32_t subleaf) {
  registers r = {0};
  if (leaf <= __get_cpuid_max(leaf & 0x80000000u, NULL))
    __cpuid_count(leaf, subleaf, r.a, r.b, r.c, r.d);
  return r;
}

/// The register states the operating system saves (XCR0); zero without OSXSAVE.
static uint64_t saved_states(void) {
  if (!(cpuid(1, 0).c >> 27 & 1))
    return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

enum { states_avx = 0x6, states_avx512 = 0xE6, states_amx = 0x60000 };

/// Linux grants a process the tiles' state when asked, before the first use.
static int may_use_tiles(void) {
#if defined(__linux__)
  enum { arch_req_xcomp_perm = 0x1023, xtiledata = 18 };
  return syscall(SYS_arch_prctl, arch_req_xcomp_perm, xtiledata) == 0;
#else
  return 0;
#endif
}

/// On Intel's cores VDPBF16PS has half the throughput of converting to f32 (measured on Sapphire Rapids: 79
/// against 157 GFLOP/s in f32); on AMD's it has twice the throughput of f32.
static int has_fast_bf16_dot(void) {
  static const char intel[] = "GenuineIntel";
  registers vendor = cpuid(0, 0);
  return memcmp(&vendor.b, intel, 4) != 0 || memcmp(&vendor.d, intel + 4, 4) != 0;
}

static tier_set find_host_tiers(void) {
  registers one = cpuid(1, 0), seven = cpuid(7, 0), seven1 = cpuid(7, 1);
  uint64_t saved = saved_states();
  uint32_t fma = one.c >> 12 & 1, avx = one.c >> 28 & 1, avx2 = seven.b >> 5 & 1;
  if (!fma || !avx || !avx2 || (saved & states_avx) != states_avx)
    return only(CK_TIER_SCALAR);
  tier_set tiers = only(CK_TIER_SCALAR) | only(CK_TIER_AVX2);
  if (seven1.a >> 4 & 1)
    tiers |= only(CK_TIER_AVX2_VNNI);
  uint32_t f = seven.b >> 16 & 1, dq = seven.b >> 17 & 1, bw = seven.b >> 30 & 1, vl = seven.b >> 31 & 1;
  if (!f || !dq || !bw || !vl || (saved & states_avx512) != states_avx512)
    return tiers;
  tiers |= only(CK_TIER_AVX512);
  if (!(seven.c >> 11 & 1))
    return tiers;
  tiers |= only(CK_TIER_AVX512_VNNI);
  // attention's weights come from a table of bytes; Cooper Lake alone has BF16 without VBMI, and slow at that
  uint32_t bf16 = seven1.a >> 5 & 1, vbmi = seven.c >> 1 & 1;
  if (!bf16 || !vbmi)
    return tiers;
  if (has_fast_bf16_dot())
    tiers |= only(CK_TIER_AVX512_BF16);
  uint32_t tile = seven.d >> 24 & 1, tile_i8 = seven.d >> 25 & 1, tile_bf16 = seven.d >> 22 & 1;
  if (tile && tile_i8 && tile_bf16 && (saved & states_amx) == states_amx && may_use_tiles())
    tiers |= only(CK_TIER_AMX);
  return tiers;
}

static void read_cpu_name(char *buffer, uint32_t capacity) {
  uint32_t words[13] = {0};
  if (__get_cpuid_max(0x80000000u, NULL) >= 0x80000004u)
    for (uint32_t i = 0; i < 3; i++) {
      registers r = cpuid(0x80000002u + i, 0);
      memcpy(words + 4 * i, &r, sizeof r);
    }
  append(buffer, capacity, (const char *)words);
}

void ck_cpu_features(char *buffer, uint32_t capacity) {
  if (capacity == 0)
    return;
  buffer[0] = 0;
  registers one = cpuid(1, 0), seven = cpuid(7, 0), seven1 = cpuid(7, 1);
  uint64_t saved = saved_states();
  const struct {
    const char *word;
    uint32_t bit;
    uint64_t states; // what the operating system must save for it to be usable
  } features[] = {
      {"sse4_2", one.c >> 20, 0},
      {"avx", one.c >> 28, states_avx},
      {"f16c", one.c >> 29, states_avx},
      {"fma", one.c >> 12, states_avx},
      {"avx2", seven.b >> 5, states_avx},
      {"avx_vnni", seven1.a >> 4, states_avx},
      {"avx512f", seven.b >> 16, states_avx512},
      {"avx512dq", seven.b >> 17, states_avx512},
      {"avx512bw", seven.b >> 30, states_avx512},
      {"avx512vl", seven.b >> 31, states_avx512},
      {"avx512_vbmi", seven.c >> 1, states_avx512},
      {"avx512_vnni", seven.c >> 11, states_avx512},
      {"avx512_bf16", seven1.a >> 5, states_avx512},
      {"avx512_fp16", seven.d >> 23, states_avx512},
      {"amx_tile", seven.d >> 24, states_amx},
      {"amx_int8", seven.d >> 25, states_amx},
      {"amx_bf16", seven.d >> 22, states_amx},
  };
  for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
    if ((features[i].bit & 1) && (saved & features[i].states) == features[i].states)
      append_word(buffer, capacity, features[i].word);
}

#elif defined(__aarch64__)
#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>

// Bits of AT_HWCAP and AT_HWCAP2 (Linux, asm/hwcap.h).
enum {
  cap_fp = 0,
  cap_asimd = 1,
  cap_asimdhp = 10,
  cap_asimddp = 20,
  cap_sve = 22,
  cap2_sve2 = 1,
  cap2_i8mm = 13,
  cap2_bf16 = 14
};

static tier_set find_host_tiers(void) {
  unsigned long one = getauxval(AT_HWCAP);
  if (!(one >> cap_asimd & 1))
    return only(CK_TIER_SCALAR);
  tier_set tiers = only(CK_TIER_SCALAR) | only(CK_TIER_NEON);
  return one >> cap_asimddp & 1 ? tiers | only(CK_TIER_NEON_DOTPROD) : tiers;
}

static uint32_t read_text(const char *path, char *buffer, uint32_t capacity) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t count = file < 0 ? 0 : read(file, buffer, capacity - 1);
  if (file >= 0)
    close(file);
  buffer[count > 0 ? count : 0] = 0;
  return count > 0 ? (uint32_t)count : 0;
}

/// The line of /proc/cpuinfo that begins with key, after its colon.
static const char *cpuinfo_value(char *text, const char *key) {
  char *line = strstr(text, key);
  char *colon = line ? strchr(line, ':') : NULL;
  if (!colon)
    return NULL;
  char *end = strchr(colon, '\n');
  if (end)
    *end = 0;
  return colon + 1;
}

static void read_cpu_name(char *buffer, uint32_t capacity) {
  char text[4096], copy[4096];
  read_text("/proc/cpuinfo", text, sizeof text);
  memcpy(copy, text, sizeof text);
  const char *name = cpuinfo_value(copy, "model name");
  if (name) {
    append(buffer, capacity, name);
    return;
  }
  memcpy(copy, text, sizeof text);
  const char *implementer = cpuinfo_value(copy, "CPU implementer");
  if (implementer) {
    append(buffer, capacity, "ARM implementer");
    append(buffer, capacity, implementer);
  }
  const char *part = cpuinfo_value(text, "CPU part");
  if (part) {
    append(buffer, capacity, " part");
    append(buffer, capacity, part);
  }
}

void ck_cpu_features(char *buffer, uint32_t capacity) {
  if (capacity == 0)
    return;
  buffer[0] = 0;
  unsigned long one = getauxval(AT_HWCAP), two = getauxval(AT_HWCAP2);
  const struct {
    const char *word;
    unsigned long bit;
  } features[] = {
      {"fp", one >> cap_fp},           {"asimd", one >> cap_asimd}, {"asimdhp", one >> cap_asimdhp},
      {"asimddp", one >> cap_asimddp}, {"sve", one >> cap_sve},     {"sve2", two >> cap2_sve2},
      {"i8mm", two >> cap2_i8mm},      {"bf16", two >> cap2_bf16},
  };
  for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
    if (features[i].bit & 1)
      append_word(buffer, capacity, features[i].word);
}

#else

static tier_set find_host_tiers(void) { return only(CK_TIER_SCALAR); }
static void read_cpu_name(char *buffer, uint32_t capacity) {}
void ck_cpu_features(char *buffer, uint32_t capacity) {
  if (capacity > 0)
    buffer[0] = 0;
}

#endif

static tier_set host_tiers(void) {
  // cpuid traps to the hypervisor in a virtual machine, so ask once
  static _Atomic tier_set known;
  tier_set tiers = atomic_load_explicit(&known, memory_order_relaxed);
  if (tiers == 0) {
    tiers = find_host_tiers();
    atomic_store_explicit(&known, tiers, memory_order_relaxed);
  }
  return tiers;
}

static const struct {
  ck_tier tier;
  const char *name;
} names[] = {
    {CK_TIER_SCALAR, "scalar"},
    {CK_TIER_AVX2, "avx2"},
    {CK_TIER_AVX2_VNNI, "avx2_vnni"},
    {CK_TIER_AVX512, "avx512"},
    {CK_TIER_AVX512_VNNI, "avx512_vnni"},
    {CK_TIER_AVX512_BF16, "avx512_bf16"},
    {CK_TIER_AMX, "amx"},
    {CK_TIER_NEON, "neon"},
    {CK_TIER_NEON_DOTPROD, "neon_dotprod"},
};
enum { name_count = sizeof names / sizeof names[0] };

ck_tier ck_tier_at_most(ck_tier limit) {
  for (size_t i = name_count - 1; i > 0; i--)
    if (names[i].tier <= limit && (host_tiers() & only(names[i].tier)))
      return names[i].tier;
  return CK_TIER_SCALAR;
}

ck_tier ck_host_tier(void) { return ck_tier_at_most(names[name_count - 1].tier); }

ck_tier ck_detect_tier(void) {
  ck_tier host = ck_host_tier();
  const char *limit = getenv("TAPER_MAX_TIER");
  for (size_t i = 0; limit && i < name_count; i++)
    if (strcmp(limit, names[i].name) == 0) {
      ck_tier tier = names[i].tier;
      int foreign = tier != CK_TIER_SCALAR && (tier >= CK_TIER_NEON) != (host >= CK_TIER_NEON);
      return foreign ? host : ck_tier_at_most(tier);
    }
  return host;
}

const char *ck_tier_name(ck_tier tier) {
  for (size_t i = 0; i < name_count; i++)
    if (names[i].tier == tier)
      return names[i].name;
  return "unknown";
}

void ck_cpu_name(char *buffer, uint32_t capacity) {
  if (capacity == 0)
    return;
  buffer[0] = 0;
  read_cpu_name(buffer, capacity);
  squeeze(buffer);
  if (!buffer[0])
    append(buffer, capacity, "unknown");
}
