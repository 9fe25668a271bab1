"""Statistics of tools/bench. Percentiles are by nearest rank, as in Taper's own reports (TimePercentiles.swift)."""
import math


def percentile(values, share):
    """The smallest value that at least `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered), max(1, math.ceil(share * len(ordered)))) - 1]


def median(values):
    return percentile(values, 0.5)


def tail(values):
    """p99 over p50. Of fewer than 100 values: the largest over p50."""
    return percentile(values, 0.99) / median(values)


def blocks(series, duration):
    """Times of blocks of equally many consecutive pieces of work, as many as take `duration` in the median.

    A short piece of work spreads more than a long one on the same machine, because an interruption of a millisecond is
    a larger part of it. To tell a program's spread from the machine's, compare it with fixed work of equal duration.

    series: for each thread the times of its pieces, done side by side; a block takes what its slowest thread takes. In
    the unit of `duration`.
    """
    size = max(1, round(duration / median([time for times in series for time in times])))
    sums = [[sum(times[start:start + size]) for start in range(0, len(times) - size + 1, size)] for times in series]
    return [max(block) for block in zip(*sums)]


def runs_of(seconds, ms):
    """(warm-up runs, kept runs) of a chunk that keeps runs of `ms` for about `seconds`: six runs or 150 ms of warm-up,
    whichever is reached first; at least three are kept."""
    return max(1, min(6, math.ceil(150 / ms))), max(3, round(seconds * 1000 / ms))


def wilson(count, total):
    """The 95% confidence interval of a share, by Wilson's score method."""
    z, share = 1.959964, count / total
    centre, half = share + z * z / (2 * total), z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0, centre - half) / (1 + z * z / total), (centre + half) / (1 + z * z / total)
