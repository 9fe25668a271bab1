import unittest

from predictions import clock

PROFILED = {"reference_compute_ns": 1000, "reference_bandwidth_ns": 2000}


def chunk(compute, bandwidth):
    return {side: {"compute_ns": c, "bandwidth_ns": b} for side, c, b in zip(("before", "after"), compute, bandwidth)}


class Clock(unittest.TestCase):
    def test_each_reference_counts_by_its_share_of_the_time(self):
        slower = chunk(compute=(1020, 1040), bandwidth=(2200, 2400))
        for memory, factor in ((0, 1.03), (1, 1.15), (.25, .75 * 1.03 + .25 * 1.15)):
            blended, arithmetic = clock(slower, PROFILED, memory)
            self.assertAlmostEqual(blended, factor)
            self.assertAlmostEqual(arithmetic, 1.03)

    def test_a_reference_far_from_its_profile_disqualifies_the_chunk(self):
        self.assertIsNotNone(clock(chunk((1099, 1000), (2000, 2499)), PROFILED, 0))
        for compute, bandwidth in (
                ((1101, 1000), (2000, 2000)), ((1000, 900), (2000, 2000)), ((1000, 1000), (2000, 2501))):
            self.assertIsNone(clock(chunk(compute, bandwidth), PROFILED, 0))


if __name__ == "__main__":
    unittest.main()
