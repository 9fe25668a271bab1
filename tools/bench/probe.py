"""Fixed products that show how fast the machine is right now, and how much it varies."""
import concurrent.futures
import os
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy reads it on import; every thread here does products of its own
import numpy as np  # noqa: E402

del os.environ["OPENBLAS_NUM_THREADS"]


class Probe:
    def __init__(self, threads):
        self.threads = concurrent.futures.ThreadPoolExecutor(threads)
        self.operands = [np.ones((384, 384), np.float32) for _ in range(threads)]

    def __call__(self):
        """The fastest of ten products of 384 × 384 × 384 on every thread at once, of the slowest thread, in ms."""
        return max(self.threads.map(lambda operand: min(self.products(operand, count=10)), self.operands)) / 1e6

    def series(self, seconds):
        """For each thread the times in ns of products of 96 × 384 × 384, one after the other for about `seconds`."""
        return list(self.threads.map(lambda operand: self.products(operand, rows=96, seconds=seconds), self.operands))

    @staticmethod
    def products(operand, rows=384, count=None, seconds=None):
        result = np.empty((rows, 384), np.float32)
        times, first = [], time.perf_counter_ns()
        last = first
        while len(times) < count if count else last - first < seconds * 1e9:
            start = time.perf_counter_ns()
            np.matmul(operand[:rows], operand, out=result)
            last = time.perf_counter_ns()
            times.append(last - start)
        return times
