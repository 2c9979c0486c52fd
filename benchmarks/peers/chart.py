"""The results as one SVG: for each case a bar for each contender, as long as the logarithm of its time over ctgrad's.

SPDX-License-Identifier: BSL-1.0
"""

import math
from xml.sax.saxutils import escape

from table import ratio, seconds

NAMES, WIDTH, FIGURES = 130, 520, 130  # columns: contenders, bars, figures
BAR, GAP, TITLE = 16, 4, 30
COLOURS = {"ctgrad": "#1f6feb", "hand": "#57606a"}
OTHERS = "#b8c4d0"


def document(width, height, title, parts):
    """A picture of these elements, with its title."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        "<style>text{font:12px sans-serif;fill:#24292f}.title{font-weight:bold}.foot{font-size:9px;fill:#57606a}.grid{stroke:#d0d7de}.one{stroke:#1f6feb}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="20" class="title">{escape(title)}</text>',
        *parts, "</svg>", ""])


def svg(results, ours, machine):
    """`results`: [(case, {name: (seconds, ratio)})]; `machine`: lines, under the chart."""
    ratios = [r for _, rows in results for _, r in rows.values()] or [1]
    low, high = min(-1, math.floor(math.log10(min(ratios)))), max(1, math.ceil(math.log10(max(ratios))))
    x = lambda r: NAMES + WIDTH * (math.log10(r) - low) / (high - low)
    body, y = [], 46
    top = y
    for case, rows in results:
        y += TITLE
        body.append(f'<text x="8" y="{y - 8}" class="title">{escape(case.title)}</text>')
        for name, (time, quotient) in sorted(rows.items(), key=lambda row: row[1][1]):
            one, end = x(1), x(quotient)
            start, length = min(one, end), max(abs(end - one), 1.5)
            body.append(f'<text x="{NAMES - 8}" y="{y + 12}" text-anchor="end">{escape(name)}</text>'
                        f'<rect x="{start:.1f}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{COLOURS.get(name, OTHERS)}"/>'
                        f'<text x="{NAMES + WIDTH + 8}" y="{y + 12}">{ratio(quotient)}x, {seconds(time)}</text>')
            y += BAR + GAP
    grid = []
    for power in range(low, high + 1):
        at = x(10.0**power)
        grid.append(f'<line x1="{at:.1f}" y1="{top}" x2="{at:.1f}" y2="{y}" class="{"one" if power == 0 else "grid"}"/>'
                    f'<text x="{at:.1f}" y="{top - 6}" text-anchor="middle">{10.0**power:g}x</text>')
    foot = [f'<text x="8" y="{y + 22 + 16 * k}" class="foot">{escape(line)}</text>' for k, line in enumerate(machine)]
    width, height = NAMES + WIDTH + FIGURES, y + 30 + 16 * len(machine)
    return document(width, height, f"time over that of {ours}, logarithmic: right of 1x is slower than {ours}", [*grid, *body, *foot])
