"""The words and the scatter plot of tools/bench/predictions."""
import math

HEAD = """# Predicted against measured{title}

**Finding**: predictions are off by {median} in the median and {p95} at the 95th percentile. {covered} of the measured
medians lie in the predicted interval (stated: at least 80%). Predicted speedups are off by {ratio} in the median.

{plans} plans on {cpu} (tier {tier}), all from one device profile ({created}){profile}
taken before the runs and never refitted. {noisy} more could not be judged because the machine was never steady while
they ran. Made by `tools/bench/predictions{option}`; do not edit.

| times corrected for | median error | 95th percentile |
|---|---|---|
| clock and memory, as in the tables below | {median} | {p95} |
| clock alone | {plain} | {plain95} |
| nothing ("at the clock it had") | {raw} | {raw95} |

- **predicted**: the plan's prediction of the median of runs that follow one another. Its interval goes from the sum
  of the ops' p10 to the sum of their p90. *Off by*: measured / predicted − 1.
- **measured**: the median of `taper bench` at the plan's longest input. Plans take turns in random order.
- **left out**: the machine is shared. Its clock drifts by some percent with its neighbours' load, its memory by half,
  and for a minute at a time its CPUs are far apart. So a chunk of runs counts only when the two reference kernels
  before and after it took what they took while profiling: arithmetic (with several threads also handing over memory) within
  {compute}, memory within {bandwidth}. {dropped} of the runs were left out.
- **corrected**: the part of the predicted time in which memory delivers weights that do not stay in the last-level
  cache is scaled by the memory reference, the rest by arithmetic.
- **FLOPs**: dense over planned work by the papers' formula, next to the predicted and the measured speedup in time.

"""
COLOURS = {"f32": "#0b6fb8", "bf16": "#c2570c", "int8": "#1c7c3c"}
SIZE, LEFT, TOP, RIGHT, BOTTOM = 640, 70, 20, 20, 60


def scatter(cells):
    """Measured over predicted, both logarithmic, with the ±5% band."""
    times = [cell[side] / 1e6 for cell in cells for side in ("predicted", "measured")]
    low, high = math.log10(min(times) / 1.2), math.log10(max(times) * 1.2)
    width, height = SIZE - LEFT - RIGHT, SIZE - TOP - BOTTOM

    def x(value):
        return LEFT + (math.log10(value) - low) / (high - low) * width

    def y(value):
        return TOP + height - (math.log10(value) - low) / (high - low) * height

    least, most = 10**low, 10**high
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" font-family="sans-serif" font-size="13">',
             '<title>Measured against predicted medians, milliseconds</title>',
             f'<rect width="{SIZE}" height="{SIZE}" fill="#fff"/>',
             f'<clipPath id="field"><rect x="{LEFT}" y="{TOP}" width="{width}" height="{height}"/></clipPath>']
    band = [(least, least * 0.95), (most, most * 0.95), (most, most * 1.05), (least, least * 1.05)]
    corners = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in band)
    parts.append(f'<g clip-path="url(#field)"><polygon points="{corners}" fill="#e4e8ee"/>'
                 f'<line x1="{x(least):.1f}" y1="{y(least):.1f}" x2="{x(most):.1f}" y2="{y(most):.1f}" stroke="#8a93a0"/></g>')
    for tick in (mantissa * 10.0**power for power in range(-3, 5) for mantissa in (1, 2, 5)):
        if least <= tick <= most:
            parts.append(f'<line x1="{x(tick):.1f}" y1="{TOP + height}" x2="{x(tick):.1f}" y2="{TOP + height + 5}" stroke="#333"/>'
                         f'<text x="{x(tick):.1f}" y="{TOP + height + 20}" text-anchor="middle">{tick:g}</text>'
                         f'<line x1="{LEFT - 5}" y1="{y(tick):.1f}" x2="{LEFT}" y2="{y(tick):.1f}" stroke="#333"/>'
                         f'<text x="{LEFT - 9}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for cell in cells:
        colour = COLOURS.get(cell["precision"], "#555")
        fill = colour if cell["threads"] == 1 else "none"
        parts.append(f'<circle cx="{x(cell["predicted"] / 1e6):.1f}" cy="{y(cell["measured"] / 1e6):.1f}" r="3.2" fill="{fill}" '
                     f'stroke="{colour}" fill-opacity="0.6"/>')
    parts += [f'<rect x="{LEFT}" y="{TOP}" width="{width}" height="{height}" fill="none" stroke="#333"/>',
              f'<text x="{LEFT + width / 2}" y="{SIZE - 14}" text-anchor="middle">predicted, ms</text>',
              f'<text transform="translate(18 {TOP + height / 2}) rotate(-90)" text-anchor="middle">measured, ms</text>']
    names = [(name, colour, colour) for name, colour in COLOURS.items()]
    names += [("more threads", "#333", "none"), ("± 5%", "#8a93a0", "#e4e8ee")]
    for number, (name, colour, fill) in enumerate(names):
        parts.append(f'<circle cx="{LEFT + 16}" cy="{TOP + 18 + 18 * number}" r="4" fill="{fill}" stroke="{colour}"/>'
                     f'<text x="{LEFT + 27}" y="{TOP + 22 + 18 * number}">{name}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"
