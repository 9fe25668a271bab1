import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import checks
from checks import Check


class Running(unittest.TestCase):
    def run_checks(self, *chosen, arguments=()):
        """Exit code and output."""
        output = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, \
                mock.patch.multiple(checks, CHECKS=chosen, LOGS=pathlib.Path(folder)), \
                mock.patch.object(sys, "argv", ["checks.py", *arguments]), contextlib.redirect_stdout(output):
            return checks.main(), output.getvalue()

    def test_a_passing_check_is_one_line_with_its_last_word(self):
        code, output = self.run_checks(Check("fine", "a", "echo first; echo '42 things'", "mend"))
        self.assertEqual((code, output.count("\n")), (0, 2))
        self.assertRegex(output, r"ok +fine .* 42 things\n1 checks in 0 s: none failed")

    def test_a_failure_shows_its_output_and_what_mends_it_and_the_others_still_run(self):
        code, output = self.run_checks(Check("broken", "a", "echo why; false; echo never", "tools/mend it"),
                                       Check("next", "a", "true", ""), Check("other", "b", "true", ""))
        self.assertEqual(code, 1)
        self.assertRegex(output, r"FAILED +broken .* mend with: tools/mend it\n  \| why\n")
        self.assertNotIn("never", output)
        self.assertEqual(output.count("ok "), 2)
        self.assertTrue(output.endswith("broken FAILED\n"))

    def test_what_needs_a_failed_check_fails_without_running(self):
        code, output = self.run_checks(
            Check("build", "a", "false", ""), Check("tests", "a", "echo ran", "", needs="build"))
        self.assertEqual((code, "ran" in output), (1, False))
        self.assertIn("build, tests FAILED", output)

    def test_only_an_optional_check_may_be_unavailable(self):
        code, output = self.run_checks(Check("extra", "a", "echo no PyTorch; exit 69", "", is_optional=True))
        self.assertEqual(code, 0)
        self.assertRegex(output, r"NOT RUN +extra .* no PyTorch")
        self.assertEqual(self.run_checks(Check("needed", "a", "exit 69", ""))[0], 1)

    def test_checks_are_chosen_by_name_or_without_the_tests(self):
        chosen = Check("one", "a", "true", ""), Check("two", "a", "true", "", is_test=True)
        self.assertIn("1 checks", self.run_checks(*chosen, arguments=["--without-tests"])[1])
        self.assertIn("two", self.run_checks(*chosen, arguments=["two"])[1])


class List(unittest.TestCase):
    def test_every_check_needs_one_before_it_in_its_lane(self):
        for place, check in enumerate(checks.CHECKS):
            if check.needs:
                self.assertIn((check.needs, check.lane), [(other.name, other.lane) for other in checks.CHECKS[:place]])


if __name__ == "__main__":
    unittest.main()
