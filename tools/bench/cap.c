// Shows a process a smaller CPU: preloaded, it answers the trapping instructions that cap_cpu.py put in place
// of CPUID, without the instruction sets above the tier named in CAP_TIER (avx2 or avx2_vnni). Other
// libraries see the whole CPU.
#define _GNU_SOURCE // REG_RIP and the others
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

/// Two bytes that no x86 CPU executes; compilers trap with another pair (0f 0b).
static const uint8_t stand_in[2] = {0x0f, 0x04};
static int has_avx_vnni;

static uint32_t without(uint32_t bits, const int8_t *cleared) {
  for (; *cleared >= 0; cleared++)
    bits &= ~(UINT32_C(1) << *cleared);
  return bits;
}

/// CPUID as the capped CPU answers it. Bits: Intel SDM, volume 2A, table "Information Returned by CPUID
/// Instruction".
static void answer(uint32_t leaf, uint32_t subleaf, uint32_t r[4]) {
  enum { eax, ebx, ecx, edx };
  __cpuid_count(leaf, subleaf, r[eax], r[ebx], r[ecx], r[edx]);
  if (leaf == 7 && subleaf == 0) {
    r[ebx] = without(r[ebx], (const int8_t[]){16, 17, 21, 26, 27, 28, 30, 31,
                                              -1}); // AVX-512 F, DQ, IFMA, PF, ER, CD, BW, VL
    r[ecx] = without(r[ecx], (const int8_t[]){1, 6, 11, 12, 14, -1}); // VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ
    r[edx] = without(
        r[edx], (const int8_t[]){2, 3, 8, 22, 23, 24, 25, -1}); // 4VNNIW, 4FMAPS, VP2INTERSECT, AMX, FP16
  } else if (leaf == 7 && subleaf == 1) {
    r[eax] = without(r[eax], (const int8_t[]){5, 21, -1}); // AVX512_BF16, AMX-FP16
    r[edx] = without(
        r[edx], (const int8_t[]){4, 5, 8, 10, 19,
                                 -1}); // AVX-VNNI-INT8, AVX-NE-CONVERT, AMX-COMPLEX, AVX-VNNI-INT16, AVX10
    if (!has_avx_vnni)
      r[eax] = without(r[eax], (const int8_t[]){4, 23, -1}); // AVX-VNNI, AVX-IFMA
  }
}

static void on_illegal(int number, siginfo_t *info, void *context) {
  (void)info;
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (memcmp((const void *)registers[REG_RIP], stand_in, sizeof stand_in) != 0) {
    signal(number, SIG_DFL); // a real one: it happens again, and ends the process
    return;
  }
  uint32_t r[4];
  answer((uint32_t)registers[REG_RAX], (uint32_t)registers[REG_RCX], r);
  registers[REG_RAX] = r[0];
  registers[REG_RBX] = r[1];
  registers[REG_RCX] = r[2];
  registers[REG_RDX] = r[3];
  registers[REG_RIP] += sizeof stand_in;
}

__attribute__((constructor)) static void install(void) {
  const char *tier = getenv("CAP_TIER");
  has_avx_vnni = tier != NULL && strcmp(tier, "avx2_vnni") == 0;
  struct sigaction action = {.sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGILL, &action, NULL);
}
