"""Statistics of tools/bench. Percentiles are by nearest rank, as in Taper's own reports (TimePercentiles.swift)."""
import math


def percentile(values, share):
    """The smallest value that at least `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered), max(1, math.ceil(share * len(ordered)))) - 1]


def median(values):
    return percentile(values, 0.5)


def wilson(count, total):
    """The 95% confidence interval of a share, by Wilson's score method."""
    z, share = 1.959964, count / total
    centre, half = share + z * z / (2 * total), z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0, centre - half) / (1 + z * z / total), (centre + half) / (1 + z * z / total)
