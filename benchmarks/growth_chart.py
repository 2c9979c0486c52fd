"""Growth as one SVG: a line for each series of (size, seconds), both axes logarithmic, beside a line that is linear.

SPDX-License-Identifier: BSL-1.0
"""

import math
from xml.sax.saxutils import escape

import chart

LEFT, TOP, WIDTH, HEIGHT, LEGEND = 60, 46, 520, 360, 190
COLOURS = ["#1f6feb", "#cf222e", "#1a7f37", "#8250df", "#9a6700", "#57606a", "#bf3989", "#0550ae"]


def decades(values):
    """The powers of ten around the values."""
    return math.floor(math.log10(min(values))), max(math.ceil(math.log10(max(values))), math.floor(math.log10(min(values))) + 1)


def svg(series, machine, title, across="nodes"):
    """`series`: {name: [(size, seconds)]}; `machine`: lines, under the chart."""
    points = [p for line in series.values() for p in line]
    (first, last), (low, high) = decades([p[0] for p in points]), decades([p[1] for p in points])
    x = lambda size: LEFT + WIDTH * (math.log10(size) - first) / (last - first)
    y = lambda time: TOP + HEIGHT * (high - math.log10(time)) / (high - low)
    line = lambda x1, y1, x2, y2, style: f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'
    text = lambda at, down, words, more="": f'<text x="{at:.1f}" y="{down:.1f}"{more}>{escape(words)}</text>'
    parts = []
    for power in range(first, last + 1):
        at = x(10.0**power)
        parts += [line(at, TOP, at, TOP + HEIGHT, 'class="grid"'), text(at, TOP + HEIGHT + 16, f"{10.0**power:g}", ' text-anchor="middle"')]
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts += [line(LEFT, at, LEFT + WIDTH, at, 'class="grid"'), text(LEFT - 6, at + 4, f"{10.0**power:g} s", ' text-anchor="end"')]
    parts.append(text(LEFT + WIDTH, TOP + HEIGHT + 32, across, ' text-anchor="end"'))
    # Twice as much for twice as many, up to the right upper corner.
    span = min(last - first, high - low)
    parts.append(line(x(10.0**(last - span)), y(10.0**(high - span)), x(10.0**last), y(10.0**high), 'stroke="#d0d7de" stroke-dasharray="4 4"'))
    for number, (name, sizes) in enumerate(series.items()):
        colour, down = COLOURS[number % len(COLOURS)], TOP + 14 + 18 * number
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x(s):.1f},{y(t):.1f}" for s, t in sorted(sizes))}"/>')
        parts += [f'<circle cx="{x(s):.1f}" cy="{y(t):.1f}" r="3" fill="{colour}"/>' for s, t in sizes]
        parts += [line(LEFT + WIDTH + 12, down - 4, LEFT + WIDTH + 30, down - 4, f'stroke="{colour}" stroke-width="2"'), text(LEFT + WIDTH + 36, down, name)]
    parts += [text(8, TOP + HEIGHT + 50 + 16 * k, words, ' class="foot"') for k, words in enumerate(machine)]
    return chart.document(LEFT + WIDTH + LEGEND, TOP + HEIGHT + 60 + 16 * len(machine), title, parts)
