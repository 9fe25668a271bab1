import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]


class Profiling(unittest.TestCase):
    def profile(self, *codes):
        """Exit code, profile and standard error of a machine on which `taper profile` ends with these codes in turn."""
        with tempfile.TemporaryDirectory() as folder:
            program, output = pathlib.Path(folder, "taper"), pathlib.Path(folder, "device.json")
            pathlib.Path(folder, "codes").write_text("".join(f"{code}\n" for code in codes))
            program.write_text("""#!/usr/bin/env bash
codes=$(dirname "$0")/codes
code=$(head -n 1 "$codes") && sed -i 1d "$codes"
echo "$*" >&2
[ "$code" != 0 ] || echo measured >"${*: -1}"
exit "$code"
""")
            program.chmod(0o755)
            script = """set -euo pipefail
source tools/lib/setup.sh
profile_or_nearest "$0" "$1" --threads 2
echo went on"""
            done = subprocess.run(["bash", "-c", script, folder, output], cwd=ROOT, capture_output=True, text=True)
            self.assertEqual("went on" in done.stdout, done.returncode == 0)
            return done.returncode, output.read_text() if output.exists() else None, done.stderr

    def test_a_quiet_machine_is_profiled_once(self):
        code, profile, errors = self.profile(0)
        self.assertEqual((code, profile), (0, "measured\n"))
        self.assertRegex(errors, r"^profile --threads 2 -o \S+\n$")

    def test_a_noisy_machine_is_tried_again(self):
        code, profile, errors = self.profile(69, 0)
        self.assertEqual((code, profile), (0, "measured\n"))
        self.assertIn("try 1 of 2", errors)

    def test_a_machine_that_stays_noisy_gets_a_ready_profile(self):
        code, profile, errors = self.profile(69, 69)
        ready = {path.name: path.read_text() for path in (ROOT / "specs/devices").glob("epyc-*.json")}
        name, = (name for name, text in ready.items() if text == profile)
        self.assertEqual(code, 0)
        self.assertIn(f"specs/devices/{name}", errors)

    def test_another_error_ends_it(self):
        code, profile, _ = self.profile(64)
        self.assertEqual((code, profile), (64, None))


if __name__ == "__main__":
    unittest.main()
