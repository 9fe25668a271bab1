import contextlib
import hashlib
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import fetch

TRAIN = '{"text": "Two boys play.", "text_pair": "Children play.", "label": "yes", "score": 4.5}\n' \
    '{"text": "A dog\u2028runs.", "text_pair": "A cat sleeps.", "label": "no", "score": 1}\n'
TEST = '{"text": "It rains.", "text_pair": "It is wet.", "label": "yes", "score": 3}\n'


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Tasks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.origin = self.root / "origin"
        self.origin.mkdir()
        self.task = fetch.Task(
            "github.com/a/b (c)", "text text_pair label score", train=digest(TRAIN), test=digest(TEST))
        self.write(train=TRAIN, test=TEST)

    def write(self, **splits):
        for split, text in splits.items():
            (self.origin / f"toy-{split}.jsonl").write_text(text, encoding="utf-8")

    def fetch(self, *words):
        """What is printed on standard output and standard error, and the error that ended the command or None."""
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.object(fetch, "TASKS", {"toy": self.task}), \
                mock.patch.object(sys, "argv", ["fetch.py", "data", *map(str, words)]), \
                mock.patch.dict(os.environ, TAPER_CACHE=str(self.root / "cache")), \
                contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                fetch.main()
                code = None
            except SystemExit as end:
                code = end.code
        return out.getvalue(), err.getvalue(), code

    def refused(self, pattern):
        out, _, code = self.fetch("toy", "--from", self.origin)
        self.assertRegex(str(code), pattern)
        self.assertEqual(out, "")
        cache = self.root / "cache" / "data"
        self.assertEqual(list(cache.iterdir()) if cache.exists() else [], [], "nothing half-written")

    def test_files_are_copied_as_they_are_and_counted(self):
        out, err, code = self.fetch("toy", "--from", self.origin)
        folder = self.root / "cache" / "data" / "toy"
        self.assertEqual((out, code), (f"{folder}\n", None))
        self.assertEqual((folder / "train.jsonl").read_text(encoding="utf-8"), TRAIN)
        self.assertEqual((folder / "test.jsonl").read_text(encoding="utf-8"), TEST)
        self.assertIn("train.jsonl: 2 texts\n    yes 1, no 1\n    score 1 to 4.5\n", err)
        self.assertIn("already in", self.fetch("toy")[1])

    def test_the_target_may_be_named_before_or_after_the_origin(self):
        for place, words in enumerate((("toy", "--from", self.origin, self.root / "0"),
                                       ("toy", self.root / "1", "--from", self.origin))):
            self.assertEqual(self.fetch(*words)[0], f"{self.root / str(place)}\n")

    def test_other_content_is_refused_with_both_digests(self):
        other = TEST.replace("rains", "snows")
        self.write(test=other)
        self.refused(f"toy-test.jsonl: expected SHA-256 {digest(TEST)}, found {digest(other)} .1 rows")

    def test_every_line_is_parsed(self):
        row = json.loads(TEST)
        for line, pattern in (("no JSON", "expected a JSON object"), ("[1]", "found .1."),
                              (json.dumps({**row, "set": "a"}), "found text, text_pair, label, score, set"),
                              (json.dumps({**row, "score": "3"}), 'score: expected a number; found "3"'),
                              (json.dumps({**row, "score": True}), "score: expected a number; found true"),
                              (json.dumps({**row, "text": ""}), 'text: expected words; found ""')):
            with self.subTest(line):
                self.write(test=TEST + line + "\n")
                self.refused("toy-test.jsonl:2: .*" + pattern)
        (self.origin / "toy-test.jsonl").write_bytes(b"\xff\n")
        self.refused("expected UTF-8")

    def test_a_missing_file_is_named(self):
        (self.origin / "toy-test.jsonl").unlink()
        self.refused("expected toy-train.jsonl, toy-test.jsonl; found no toy-test.jsonl; toy is made from github.com/a")

    def test_without_a_folder_it_says_where_the_set_comes_from(self):
        out, _, code = self.fetch("toy")
        self.assertEqual(out, "")
        self.assertRegex(code, "expected --from ORIGIN, a folder with toy-train.jsonl, toy-test.jsonl; .* github.com/a")

    def test_a_set_that_comes_by_package_takes_no_folder(self):
        self.assertRegex(self.fetch("r8", "--from", self.origin)[2], "leave --from out")

    def test_usage(self):
        for words in ((), ("toy", "--from"), ("other", "--from", self.origin), ("toy", "a", "b")):
            self.assertEqual(self.fetch(*words)[2], 64)


if __name__ == "__main__":
    unittest.main()
