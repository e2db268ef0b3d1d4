"""The kinds of analysis of a sweep: which designs they suit, and what they compute."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from femurfe import analysis
from femurfe.analysis.table import Outcomes
from femurfe.arrays import Floats
from femurfe.errors import InvalidData, UnknownName
from femurfe.study.sweep.design import Design
from femurfe.study.sweep.groups import groups_of
from femurfe.study.table import Row

ALL = ("grid", "list", "latin_hypercube", "sobol", "morris", "saltelli")
_APART = tuple(method for method in ALL if method != "morris")
_DRAWN = tuple(method for method in _APART if method != "grid")
_RUNG = re.compile(r"interfaces\..+\.kind")
_TRAJECTORIES = "the cases of Morris trajectories depend on each other"
NAMES_OF_THINGS = {"anatomy.subject"}
LOWER_IS_BETTER = {
    "risk": True, "largest_displacement_mm": True, "stiffness_N_per_mm": False, "stiffness_Nm_per_deg": False,
    "failure_load_N": False, "failure_moment_Nm": False,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sample:
    """One outcome under one load case, with the design behind it.

    Attributes
    ----------
    design : of the sweep; found : the outcome of every case that has ended.
    """

    design: Design
    found: Outcomes

    @cached_property
    def independent(self) -> Outcomes:
        """The cases that are drawn apart: all, or blocks A and B of a Saltelli design."""
        table, found = self.design.table, self.found
        if table.method != "saltelli":
            return found
        per_base = (2 if table.second_order else 1) * len(self.design.names) + 2
        keep = np.isin(found.cases % per_base, (0, per_base - 1))
        return Outcomes(found.outcome, found.load_case, found.cases[keep], found.arms, found.values[keep])

    def in_design(self, arm: str) -> Floats:
        """Values of one arm at their places in the design, NaN for cases that have none."""
        return self.found.in_design(arm, len(self.design.rows))

    def inputs(self, names: Sequence[str]) -> Floats:
        """Parameters of the independent cases, (n_cases, n_names).

        Raises
        ------
        InvalidData
            If one is no quantity.
        UnknownName
            If the sweep does not vary it.
        """
        cases = self.independent.cases
        columns: dict[str, Any] = {"case": cases}
        for name in names:
            values = self.values_of(name)
            if name in NAMES_OF_THINGS:
                message = (
                    f"{name} numbers people, whose order means nothing; take a parameter that is a quantity"
                )
                raise InvalidData(message, code="E-SWEEP-ANALYSIS")
            columns[name] = np.empty(len(cases), dtype=object)
            columns[name][:] = values
        return analysis.inputs(columns, names)[1]

    def values_of(self, name: str) -> list[Any]:
        """What a parameter is in each independent case.

        Raises
        ------
        UnknownName
            If the sweep does not vary it.
        """
        if name not in self.design.names:
            raise UnknownName("parameter of the sweep", name, self.design.names)
        place = self.design.names.index(name)
        return [self.design.rows[case][place] for case in self.independent.cases]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of analysis.

    Attributes
    ----------
    run : takes a sample, an arm ("" for all) and options; rows : of what it gives.
    methods : of designs that it suits; why : it suits no other.
    by_arm : one result per arm, else one of all arms; options : that it takes.
    """

    run: Callable[..., Any]
    rows: Callable[[Any], list[Row]]
    methods: tuple[str, ...]
    why: str
    by_arm: bool
    options: frozenset[str]


def _sobol(sample: Sample, arm: str, **options: Any) -> analysis.SobolIndices:
    """From the design itself, or from a Gaussian process through cases that were drawn otherwise."""
    design = sample.design
    if design.table.method != "saltelli":
        shares = np.array(design.unit, dtype=np.float64)
        return analysis.sobol_of_sample(shares, sample.in_design(arm), design.names, **options)
    blocks = analysis.saltelli_blocks(
        sample.in_design(arm), len(design.names), second_order=design.table.second_order
    )
    return analysis.sobol_indices(blocks, design.names, **options)


def _morris(sample: Sample, arm: str, **options: Any) -> tuple[analysis.MorrisEffect, ...]:
    """Effects over the whole of each distribution: shares of probability from 0 to 1."""
    points, names = np.array(sample.design.unit, dtype=np.float64), sample.design.names
    return analysis.morris_effects(points, sample.in_design(arm), names, spans=[1.0] * len(names), **options)


def _regression(
    sample: Sample, arm: str, parameters: Sequence[str] | None = None, **options: Any
) -> analysis.Regression:
    names = tuple(parameters or sample.design.names)
    return analysis.regression(sample.inputs(names), sample.independent.of(arm), names, **options)


def _paired(sample: Sample, _: str, **options: Any) -> tuple[analysis.PairedEffect, ...]:
    arms = sample.found.arms
    if len(arms) < 2:
        message = f"a paired comparison needs at least two arms, got {', '.join(arms)}"
        raise InvalidData(message, code="E-DATA-FEW")
    return analysis.compare_pairs(sample.independent, **options)


def _probability(
    sample: Sample, _: str, load: Any = None, **options: Any
) -> tuple[analysis.FailureProbability, ...]:
    """Counted from risks, or integrated over a distribution of the load."""
    outcome = sample.found.outcome
    wanted = ("risk",) if load is None else ("failure_load_N", "failure_moment_Nm")
    if outcome not in wanted:
        got = f"got {outcome!r} {'without' if load is None else 'with'} load"
        message = (
            "a probability of failure is counted from outcome 'risk', or takes load and outcome "
            f"'failure_load_N' or 'failure_moment_Nm'; {got}"
        )
        raise InvalidData(message, code="E-SWEEP-ANALYSIS")
    if load is None:
        return analysis.counted_by_arm(sample.independent, **options)
    return analysis.load_by_arm(sample.independent, load, **options)


def _ranks(
    sample: Sample, _: str, lower_is_better: bool | None = None, **options: Any
) -> analysis.RankStability:
    lower = _lower(sample, lower_is_better)
    return analysis.rank_stability(sample.independent, lower_is_better=lower, **options)


def _lower(sample: Sample, given: bool | None) -> bool:
    outcome = sample.found.outcome
    lower = LOWER_IS_BETTER.get(outcome) if given is None else given
    if lower is None:
        message = f"lower_is_better must be True or False to rank arms by {outcome!r}; it was left out"
        raise InvalidData(message, code="E-SWEEP-ANALYSIS")
    return lower


def _stability(
    sample: Sample, _: str, parameters: Sequence[str] | None = None, lower_is_better: bool | None = None,
    **options: Any,
) -> dict[str, analysis.GroupedStability]:  # fmt: skip
    """Rankings within groups of cases by each parameter: material, support, load, anatomy."""
    lower, found, refused = _lower(sample, lower_is_better), {}, InvalidData("nothing varies")
    for name in parameters or [n for n in sample.design.names if n not in NAMES_OF_THINGS]:
        try:
            groups = groups_of(sample.values_of(name), name)
            found[name] = analysis.stability_by_group(
                sample.independent, groups, lower_is_better=lower, **options
            )
        except InvalidData as error:
            refused = error
    if not found:
        raise refused
    return found


def _chart(
    sample: Sample, arm: str, parameters: Sequence[str] | None = None, **options: Any
) -> analysis.DesignChart:
    names = tuple(parameters or sample.design.names)
    if len(names) != 2:
        message = f"a chart is over two parameters, got {len(names)}; name two of {', '.join(names)}"
        raise InvalidData(message, code="E-SWEEP-ANALYSIS")
    points, values = sample.inputs(names), sample.independent.of(arm)
    return analysis.median_chart(points, values, (names[0], names[1]), sample.found.outcome, **options)


def _ladder(
    sample: Sample, arm: str, parameters: Sequence[str] | None = None
) -> tuple[analysis.RungBias, ...]:
    """Biases between the kinds of one interface, over cases that are alike in the other parameters."""
    names = sample.design.names
    ladders = [name for name in parameters or names if _RUNG.fullmatch(name)]
    if len(ladders) != 1 or ladders[0] not in names:
        message = (
            f"a ladder is over the kind of one interface, interfaces.NAME.kind; got {', '.join(ladders)}"
        )
        raise InvalidData(message, code="E-SWEEP-ANALYSIS")
    place = names.index(ladders[0])
    rows = sample.design.rows
    rest = [repr([value for i, value in enumerate(row) if i != place]) for row in rows]
    return analysis.rung_biases([str(row[place]) for row in rows], rest, sample.in_design(arm))


_DRAW = frozenset({"confidence", "resamples", "seed"})
KINDS = {
    "sobol": Kind(
        _sobol, analysis.sobol_rows, ("saltelli", "sobol", "latin_hypercube"),
        "it takes cases drawn from distributions", True, _DRAW | {"width"},
    ),
    "morris": Kind(
        _morris, analysis.morris_rows, ("morris",), "it reads cases by their place", True, _DRAW
    ),
    "regression": Kind(
        _regression, analysis.regression_rows, _APART, _TRAJECTORIES, True, _DRAW | {"parameters", "ranks"}
    ),
    "paired": Kind(_paired, analysis.paired_rows, _APART, _TRAJECTORIES, False, _DRAW | {"pairs"}),
    "probability": Kind(
        _probability, analysis.probability_rows, _DRAWN, "it counts cases drawn from a population", False,
        _DRAW | {"load", "method"},
    ),
    "ranks": Kind(_ranks, analysis.rank_rows, _APART, _TRAJECTORIES, False, _DRAW | {"lower_is_better"}),
    "stability": Kind(
        _stability, analysis.stability_rows, _APART, _TRAJECTORIES, False,
        _DRAW | {"lower_is_better", "parameters"},
    ),
    "chart": Kind(
        _chart, analysis.chart_rows, ALL, "", True, frozenset({"parameters", "grid", "seed"})
    ),
    "ladder": Kind(
        _ladder, analysis.ladder_rows, ("grid", "list"), "it pairs cases that differ in one word", True,
        frozenset({"parameters"}),
    ),
}  # fmt: skip
