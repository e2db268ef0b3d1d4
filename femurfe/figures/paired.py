"""Figures of paired comparisons: a line per case, and the differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidData
from femurfe.figures.bars import short
from femurfe.figures.panels import few_ticks
from femurfe.figures.style import COLOURS, Width, arm_words, inches, styled, width_mm, words, wrapped

if TYPE_CHECKING:
    from femurfe.analysis.paired import PairedEffect
    from femurfe.analysis.table import Outcomes

_SPREAD = 0.16
_SLOPES = 62.0
_LETTERS = 34
_MANY = 8
_HIGH, _LOW = 13.0, 6.2  # mm of a pair
_UPRIGHT = 22.0  # mm more for names that stand upright
_PAIRS = 10  # more are shown against the first arm only


def paired_figure(
    table: Outcomes, effects: Sequence[PairedEffect], label: str, width: Width = "double"
) -> Any:
    """A line per case over the arms, and the differences of each pair of arms beside or below.

    Cases that an arm lacks have a gap in the lines; only whole pairs have a difference.

    Parameters
    ----------
    label : of the outcome, with its unit.

    Raises
    ------
    InvalidData
        If there is no pair to draw.
    """
    if not effects:
        message = "a figure of paired differences needs at least one pair of arms, got none"
        raise InvalidData(message, code="E-DATA-EMPTY")
    shown, first = _chosen(effects, table.arms[0])
    below = max(60.0, 22.0 + (_LOW if first else _HIGH) * len(shown))
    with styled() as make:
        left, right, figure = _panels(make, width, _SLOPES + _UPRIGHT * (len(table.arms) > _MANY), below)
        _slopes(left, table, label)
        _differences(right, shown, label, len(effects), first)
    return figure


def _panels(make: Any, width: Width, above: float, below: float) -> tuple[Any, Any, Any]:
    """Two axes with margins of their own, one above the other in one column, and their figure."""
    if width == "single":
        figure = make(figsize=inches(width_mm(width), above + below), layout="constrained")
        parts = figure.subfigures(2, 1, height_ratios=(above, below))
    else:
        figure = make(figsize=inches(width_mm(width), below), layout="constrained")
        parts = figure.subfigures(1, 2, width_ratios=(1.0, 1.6))
    return parts[0].subplots(), parts[1].subplots(), figure


def _chosen(effects: Sequence[PairedEffect], first: str) -> tuple[Sequence[PairedEffect], str]:
    """All pairs; of many those against the first arm, and its name."""
    against = [effect for effect in effects if effect.baseline == first]
    return (against, first) if len(effects) > _PAIRS and against else (effects, "")


def _slopes(axis: Any, table: Outcomes, label: str) -> None:
    """A thin line per case and the medians of the whole cases over the arms."""
    places = np.arange(len(table.arms))
    thin = float(np.clip(30.0 / len(table.values), 0.25, 0.8))
    axis.plot(places, table.values.T, color="0.6", lw=thin, marker="o", markersize=1.5, zorder=1)
    whole = table.values[np.isfinite(table.values).all(axis=1)]
    if len(whole):
        axis.plot(places, np.median(whole, axis=0), color=COLOURS[0], lw=2.0, marker="o", zorder=2)
        title = f"{len(whole)} of {len(table.values)} cases whole; bold: their median"
        axis.set_title(title, loc="left", fontsize=6.5)
    turned: dict[str, Any] = {}
    if len(places) > _MANY:
        turned = {"rotation": 90, "ha": "right", "va": "center", "rotation_mode": "anchor"}
    elif len(places) * max(len(arm) for arm in table.arms) > _LETTERS:
        turned = {"rotation": 25, "ha": "right", "rotation_mode": "anchor"}
    room = 60.0 if len(places) > _MANY else 30.0
    axis.set_xticks(places, [arm_words(arm, room) for arm in table.arms], **turned)
    axis.set_xlim(-0.3, len(places) - 0.7)
    axis.set_ylabel(label)


def _differences(
    axis: Any, effects: Sequence[PairedEffect], label: str, n_pairs: int, first: str
) -> None:  # fmt: skip
    """Points per case, the median and its interval, and the numbers beside them: r is rank biserial.

    Parameters
    ----------
    n_pairs : that were compared; first : the arm that all shown are compared with, "" if there is none.
    """
    for row, effect in enumerate(effects):
        place = len(effects) - 1 - row
        colour = COLOURS[row % len(COLOURS)]
        at = place + _SPREAD * _beeswarm(effect.differences)
        axis.plot(effect.differences, at, "o", color=colour, markersize=2.2, mew=0, alpha=0.55, zorder=1)
        median = effect.median
        axis.plot([median.low, median.high], [place, place], color="k", lw=1.6, zorder=3)
        axis.plot(median.estimate, place, "D", color="k", mfc="w", markersize=3, zorder=4)
        axis.annotate(
            _numbers(effect, 2 if first else 4), (1.02, place), xycoords=("axes fraction", "data"),
            va="center", fontsize=5.5 if first else 6, annotation_clip=False,
        )  # fmt: skip
    axis.axvline(0.0, color="k", lw=0.6, ls="--", zorder=0)
    names = [arm_words(e.arm, 36.0) if first else _pair_words(e) for e in effects]
    axis.set_yticks(range(len(effects) - 1, -1, -1), names)
    axis.set_ylim(-0.6, len(effects) - 0.4)
    axis.tick_params(axis="y", length=0)
    few_ticks(axis)
    axis.set_xlabel(f"difference: {label}")
    title = "median and its confidence interval"
    if first:
        some = f"{len(effects)} of {n_pairs} pairs: arm less {words(first)}"
        title = f"{some}\n{title}\np after Holm over all pairs"
    axis.set_title(title, loc="left", fontsize=6.5)


def _pair_words(effect: PairedEffect) -> str:
    return wrapped(f"{words(effect.arm)} less {words(effect.baseline)}", 30.0)


def _beeswarm(values: Floats) -> Floats:
    """Offsets from -1 to 1 that spread neighbours in value apart; the same for the same values."""
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    golden = 0.5 * (np.sqrt(5.0) - 1.0)
    return np.asarray(2.0 * ((ranks * golden) % 1.0) - 1.0)


def _numbers(effect: PairedEffect, lines: int) -> str:
    """What is known of a pair, on four lines or on two."""
    p = "p < 0.001" if effect.p_holm < 0.001 else f"p = {effect.p_holm:.2g}"
    left_out = f", {effect.n_dropped} left out" if effect.n_dropped else ""
    ratio = f", ratio {short(effect.ratio.estimate)}" if effect.ratio else ""
    middle = effect.median.estimate
    median = f"median {'-' if middle < 0.0 else '+'}{short(abs(middle))}"
    size = f"r = {effect.rank_biserial:+.2f}"
    n = f"n = {effect.n_cases}{left_out}"
    if lines == 2:
        return f"{median}{ratio}\n{p}, {size}, {n}"
    return f"{median}{ratio}\n{p} (Holm)\n{size}\n{n}"
