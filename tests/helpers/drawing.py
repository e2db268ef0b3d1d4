"""What figures show, read back from their artists."""

from itertools import combinations, pairwise

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text


def texts(figure):
    """All words in a figure that are not empty, with their boxes in pixels."""
    renderer = _renderer(figure)
    unseen = {
        id(label)
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for label in axis.get_ticklabels(which="both")
        if not axes.axison or not _inside(axes, axis, label)
    }
    found = [t for t in figure.findobj(Text) if t.get_text() and t.get_visible() and id(t) not in unseen]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in found]


def _renderer(figure):
    """The figure laid out, and what measures its words."""
    figure.draw_without_rendering()
    return FigureCanvasAgg(figure).get_renderer()


def outside(figure, slack=2.0):
    """Words that run out of the page."""
    boxes = [(words, box) for words, box in texts(figure) if box.width > 0.0]
    page = figure.bbox
    return [
        words
        for words, box in boxes
        if box.x0 < page.x0 - slack or box.y0 < page.y0 - slack or box.x1 > page.x1 + slack
        or box.y1 > page.y1 + slack
    ]  # fmt: skip


def crowded(figure):
    """Pairs of neighbouring tick labels that run into each other."""
    renderer = _renderer(figure)
    found = []
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            shown = [t for t in axis.get_ticklabels() if t.get_text() and t.get_visible()]
            shown = [t for t in shown if axes.axison and _inside(axes, axis, t)]
            boxes = sorted(
                ((t.get_window_extent(renderer), t.get_text()) for t in shown), key=lambda b: b[0].bounds
            )
            along = 1 if axis is axes.yaxis else 0
            boxes = sorted(boxes, key=lambda b: b[0].bounds[along])
            found += [(a[1], b[1]) for a, b in pairwise(boxes) if a[0].overlaps(b[0])]
    return found


def overlapping(figure, slack=1.0):
    """Pairs of words anywhere in a figure that run into each other by more than ``slack`` pixels."""
    found = [(words, box.padded(-slack)) for words, box in texts(figure)]
    return [(a, b) for (a, one), (b, two) in combinations(found, 2) if one.overlaps(two)]


def _inside(axes, axis, label):
    """Ticks beyond the limits have labels too, which are not drawn."""
    low, high = sorted(axes.get_xlim() if axis is axes.xaxis else axes.get_ylim())
    at = label.get_position()[0 if axis is axes.xaxis else 1]
    return low - 1e-9 <= at <= high + 1e-9


def bars_of(axes):
    """Widths of horizontal bars from the top."""
    return [bar.get_width() for bar in sorted(axes.patches, key=lambda bar: bar.get_y())]


def width_in_mm(figure):
    """The width of a figure."""
    return figure.get_figwidth() * 25.4


def lengths(lines):
    """The length of each segment (n, 2, 2)."""
    return np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1)
