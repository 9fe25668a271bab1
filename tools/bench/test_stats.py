import unittest

from stats import median, percentile, wilson


class Percentiles(unittest.TestCase):
    def test_every_percentile_is_a_value_that_was_measured(self):
        # The table of nearest ranks: rank = ceil(share * count), from 1.
        for count, share, rank in (
                (1, .5, 1), (2, .5, 1), (3, .5, 2), (4, .5, 2), (5, .9, 5), (10, .9, 9), (10, .99, 10), (100, .95, 95),
                (100, .99, 99), (101, .99, 100), (1000, .999, 999), (7, 0, 1), (7, 1, 7)):
            values = [10 * value for value in range(1, count + 1)]
            self.assertEqual(percentile(values[::-1], share), 10 * rank, f"{share} of {count}")

    def test_an_even_count_has_the_lower_of_the_two_middle_values_as_its_median(self):
        self.assertEqual(median([4, 1, 3, 2]), 2)
        self.assertEqual(median([9]), 9)

    def test_no_values_have_no_percentile(self):
        with self.assertRaises(IndexError):
            percentile([], .5)


class Wilson(unittest.TestCase):
    def test_published_values(self):
        # Newcombe 1998, table I, method 3: 81 of 263 and 0 of 20.
        for (count, total), (low, high) in {(81, 263): (.2553, .3662), (0, 20): (0, .1611)}.items():
            found = wilson(count, total)
            self.assertAlmostEqual(found[0], low, 4)
            self.assertAlmostEqual(found[1], high, 4)


if __name__ == "__main__":
    unittest.main()
