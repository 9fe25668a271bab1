import contextlib
import io
import pathlib
import platform
import shutil
import signal
import subprocess
import tempfile
import unittest

import cap_cpu
import peer_report
from stats import blocks, runs_of, tail

HERE = pathlib.Path(__file__).parent


class Blocks(unittest.TestCase):
    def test_a_block_lasts_as_long_as_asked_and_takes_what_its_slowest_thread_takes(self):
        self.assertEqual(blocks([[1, 1, 1, 5, 1, 1, 1]], 2), [2, 6, 2])  # the seventh piece fills no block
        self.assertEqual(blocks([[1, 1, 1, 1], [1, 1, 2, 1]], 2), [2, 3])
        self.assertEqual(blocks([[3, 3]], 1), [3, 3])  # at least one piece a block
        self.assertEqual(blocks([[1, 1]], 9), [])  # too short for one block

    def test_interruptions_spread_short_work_more_than_long_work(self):
        series = [[1.0] * 9 + [2.0]] * 10
        pieces = [time for part in series for time in part]
        self.assertEqual(tail(pieces), 2)
        self.assertAlmostEqual(tail(blocks([pieces], 10.9)), 1)


class Runs(unittest.TestCase):
    def test_short_runs_fill_the_time_and_long_runs_have_a_least_count(self):
        for seconds, ms, expected in ((0.4, 1, (6, 400)), (0.4, 40, (4, 10)), (0.4, 1000, (1, 3))):
            self.assertEqual(runs_of(seconds, ms), expected)


def chunk(contender, precision, ms, probe=1.0, length=16):
    return {"kind": "chunk", "model": "m", "threads": 1, "length": length, "contender": contender,
            "precision": precision, "probe_ms": [probe, probe], "samples_ns": [time * 1e6 for time in ms]}


def shown(function, *arguments):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        function(*arguments)
    return out.getvalue()


class Report(unittest.TestCase):
    def test_a_machine_that_is_mostly_slow_is_reported_by_its_probe(self):
        records = [
            chunk("Taper", "f32", [2, 2], probe=1), chunk("Taper", "f32", [4, 4, 4], probe=2),
            chunk("OpenVINO", "f32", [9, 9, 9], probe=3), chunk("onnxruntime plain", "f32", [8, 8, 8], probe=2)]
        out = shown(peer_report.latency, "m", records)
        self.assertIn("| best peer / Taper | 16 |", out)
        self.assertIn("| f32, 1 thread | 1.50 OpenVINO |", out)
        self.assertNotIn("All chunks", shown(peer_report.latency, "m", records[:1]))

    def test_a_row_has_the_best_peer_the_spread_and_the_fewest_runs(self):
        records = [
            chunk("Taper", "f32", [2, 2, 2, 3]), chunk("onnxruntime plain", "f32", [5, 5, 5]),
            chunk("onnxruntime fused", "f32", [4, 4, 4]), chunk("OpenVINO", "f32", [6, 6, 6]),
            {"kind": "reference", "model": "m", "threads": 1, "length": 16, "probe_ms": [1, 1],
             "series_ns": [[1e6, 1e6, 1e6, 1e6, 1e6, 1.5e6]]}]
        out = shown(peer_report.latency, "m", records)
        header = "| tokens | Taper | OpenVINO | onnxruntime | best peer / Taper | p99 / p50 | reference's | runs |"
        self.assertIn(header, out)
        self.assertIn("| 16 | 2.00 (3.00) | 6.00 (6.00) | 4.00 (4.00) fused | **2.00** | 1.50 | 1.25 | 3 |", out)

    def test_chunks_of_a_slow_phase_are_left_out(self):
        records = [chunk("Taper", "int8", [1, 1]), chunk("Taper", "int8", [9, 9, 9], probe=1.2),
                   chunk("OpenVINO", "int8", [2])]
        out = shown(peer_report.latency, "m", records)
        self.assertIn("1 of 3 chunks left out", out)
        self.assertIn("| 16 | 1.00 (1.00) | 2.00 (2.00) | **2.00** | 1.00 | — | 1 |", out)

    def test_f32x3_is_compared_with_the_f32_peers_and_a_precision_without_peers_has_no_table(self):
        records = [chunk("Taper", "f32x3", [1]), chunk("Taper", "bf16", [1]), chunk("OpenVINO", "f32", [3])]
        out = shown(peer_report.latency, "m", records)
        self.assertIn("f32x3, 1 thread, compared with f32", out)
        self.assertIn("**3.00**", out)
        self.assertNotIn("bf16", out)

    def test_sentences_have_the_best_batch(self):
        def turn(batch, seconds, samples=()):
            return {"threads": 2, "contender": "st", "batch": batch, "texts": 10, "seconds": seconds, "distance": 1e-3,
                    "samples_ns": samples, "about": "10 texts"}
        turns = [turn(1, 2, [2e6, 4e6]), turn(8, 0.5), turn(8, 0.4), turn(8, 9), turn(32, 1)]
        out = shown(peer_report.sentences, turns)
        self.assertIn("Sentences, 2 cores: 10 texts", out)
        self.assertIn("| st | 5 | 2.00 (4.00) | 20 (8) | 1.0e-03 |", out)


PROGRAM = r"""
#include <cpuid.h>
#include <stdio.h>
int main(int count, char **arguments) {
  unsigned leaves[][2] = {{0, 0}, {1, 0}, {7, 0}, {7, 1}};
  for (int i = 0; i < 4; i++) {
    unsigned a, b, c, d;
    __cpuid_count(leaves[i][0], leaves[i][1], a, b, c, d);
    if (leaves[i][0] == 1) b = 0; // the number of the core that asked
    printf("%u %u %u %u\n", a, b, c, d);
  }
  fflush(stdout);
  if (count > 1) __builtin_trap();
}
"""
AVX2, AVX512F, AVX_VNNI, AVX512_BF16 = 1 << 5, 1 << 16, 1 << 4, 1 << 5


@unittest.skipUnless(platform.machine() == "x86_64" and shutil.which("clang") and shutil.which("objdump"),
                     "needs x86-64, clang and objdump")
class Cap(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "program.c").write_text(PROGRAM)
        self.compile(self.folder / "program.c", "program", "-O2")
        self.compile(HERE / "cap.c", "cap.so", "-O2", "-std=gnu17", "-shared", "-fPIC")

    def compile(self, source, target, *options):
        subprocess.run(["clang", *options, source, "-o", self.folder / target], check=True)

    def run_program(self, *arguments, tier=None):
        environment = {"LD_PRELOAD": str(self.folder / "cap.so"), "CAP_TIER": tier} if tier else {}
        return subprocess.run([self.folder / "program", *arguments], env=environment, capture_output=True, text=True)

    def leaves(self, **options):
        return [[int(word) for word in line.split()] for line in self.run_program(**options).stdout.splitlines()]

    def test_a_capped_library_sees_no_avx512_and_the_rest_as_it_is(self):
        before = self.leaves()
        self.assertGreater(cap_cpu.replace(self.folder / "program"), 0)
        (vendor, first, seventh, more), vnni = self.leaves(tier="avx2"), self.leaves(tier="avx2_vnni")[3]
        self.assertEqual([vendor, first], before[:2])
        self.assertEqual(seventh[1] & (AVX2 | AVX512F), before[2][1] & AVX2)
        self.assertEqual(more[0] & (AVX_VNNI | AVX512_BF16), 0)
        self.assertEqual(vnni[0] & (AVX_VNNI | AVX512_BF16), before[3][0] & AVX_VNNI)

    def test_a_real_trap_still_ends_the_process(self):
        cap_cpu.replace(self.folder / "program")
        self.assertEqual(self.run_program("trap", tier="avx2").returncode, -signal.SIGILL)

    def test_without_the_preloaded_answer_a_changed_library_does_not_run(self):
        cap_cpu.replace(self.folder / "program")
        self.assertEqual(self.run_program().returncode, -signal.SIGILL)


class Disassembly(unittest.TestCase):
    def test_only_instructions_count(self):
        lines = ["0000000000001139 <cpuid_of>:", "    1139:\tpush   %rbx", "    1140:\tcpuid",
                 "    1142:\tcall   1139 <cpuid_of>"]
        self.assertEqual(cap_cpu.cpuid_addresses(lines), [0x1140])

    def test_an_address_is_found_in_the_segment_that_holds_it(self):
        loaded = [(0, 0, 0x100), (0x2000, 0x100, 0x50)]
        self.assertEqual([cap_cpu.offset_of(address, loaded) for address in (0x10, 0x2004)], [0x10, 0x104])


if __name__ == "__main__":
    unittest.main()
