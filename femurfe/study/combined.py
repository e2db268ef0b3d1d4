"""Breaking an arm by a force and a moment that grow together, and rows of what they reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from femurfe.errors import InvalidStudy
from femurfe.loads.base import LoadCase
from femurfe.loads.mixed import mixed_case, same_supports
from femurfe.path import driving_size
from femurfe.study.ultimate import Broken, Row, UltimateOptions, end_columns
from femurfe.units import NMM_PER_NM

Pair = tuple[LoadCase, LoadCase]
Break = Callable[[LoadCase, UltimateOptions], Broken]


@dataclass(frozen=True, eq=False, slots=True)
class Combined:
    """An arm that a force and a moment broke together.

    Attributes
    ----------
    force_case, moment_case : their load cases.
    direction : degrees; its tangent is the share of the ultimate moment over that of the ultimate force,
        each as reached alone.
    lever : moment over force, mm.
    broken : the path, its load the force, N.
    """

    force_case: str
    moment_case: str
    direction: float
    lever: float
    broken: Broken


def combined_pairs(cases: Iterable[LoadCase]) -> list[Pair]:
    """Pairs of a force case and a moment case that can act at once.

    Raises
    ------
    InvalidStudy
        If there are none.
    """
    known = list(cases)
    forces, moments = ([case for case in known if case.measure == m] for m in ("force", "moment"))
    pairs = [(one, other) for one in forces for other in moments if same_supports(one, other)]
    if not pairs:
        message = (
            "combined_deg needs a force case and a moment case with the same supports, as guided_compression "
            f"and torsion of femur and vertebra have; got {', '.join(case.name for case in known)}"
        )
        raise InvalidStudy(message, code="E-STUDY-COMBINED")
    return pairs


def combine(
    pair: Pair, alone: Mapping[str, Broken], options: UltimateOptions, break_by: Break
) -> Iterator[Combined]:
    """Break an arm in every direction of ``options.combined_deg`` between a force and a moment.

    Parameters
    ----------
    alone : what broke the arm under each case alone, by name.
    break_by : breaks it under a load case.
    """
    sizes = [driving_size(case) for case in pair]
    limits = [alone[case.name].curve.ultimate for case in pair]
    for direction in options.combined_deg:
        turn = np.cos(np.radians(direction)), np.sin(np.radians(direction))
        force, moment = turn[0] * limits[0], turn[1] * limits[1]
        mixed = mixed_case(*pair, (force / sizes[0], moment / sizes[1]))
        mixed = replace(mixed, name=f"{mixed.name} at {direction:g} deg")
        lever = moment / force
        yield Combined(pair[0].name, pair[1].name, direction, lever, break_by(mixed, _far(options, lever)))


def _far(options: UltimateOptions, lever: float) -> UltimateOptions:
    """The options for a path whose motion is that of the force plus the lever times the rotation."""
    largest = options.largest_mm + abs(lever) * float(np.radians(options.largest_deg))
    return replace(options, largest_mm=largest, snapshots=0)


def combined_rows(
    pairs: Sequence[Pair], alone: Mapping[str, Broken], combined: Sequence[Combined]
) -> list[Row]:
    """One row per pair and direction of an arm, 0 degrees the force alone and 90 the moment alone."""
    rows = []
    for force, moment in pairs:
        ends = (
            Combined(force.name, moment.name, 0.0, 0.0, alone[force.name]),
            Combined(force.name, moment.name, 90.0, np.inf, alone[moment.name]),
        )
        own = [one for one in combined if (one.force_case, one.moment_case) == (force.name, moment.name)]
        rows += [_row(one) for one in sorted((*ends, *own), key=lambda one: one.direction)]
    return rows


def _row(one: Combined) -> Row:
    most = one.broken.curve.ultimate
    force, moment = (0.0, most) if np.isinf(one.lever) else (most, most * one.lever)
    return {
        "force_case": one.force_case, "moment_case": one.moment_case, "direction_deg": one.direction,
        "ultimate_load_N": force, "ultimate_moment_Nm": moment / NMM_PER_NM, **end_columns(one.broken),
    }  # fmt: skip
