"""Two load cases at once: what the linear criterion gives for any mixture of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.errors import InvalidStudy
from femurfe.evaluate.criteria import CRITERIA
from femurfe.evaluate.parts import Part, part_numbers
from femurfe.evaluate.risk import PRIMARY, Risk, limits_of
from femurfe.fem.recover import stress_from_strain
from femurfe.materials.field import MaterialField
from femurfe.mesh.core import Mesh

CERTAIN = 200  # cells that are judged first, to leave out those that cannot be worse


@dataclass(frozen=True, slots=True)
class Mixture:
    """A mixture of two load cases and the part that fails first under it.

    Attributes
    ----------
    first, second : shares of the two load cases' own loads.
    risk : share of the failure load reached under both at once.
    part : that fails first.
    """

    first: float
    second: float
    risk: float
    part: str


def mix_risks(
    mesh: Mesh, field: MaterialField, parts: Sequence[Part], risks: tuple[Risk, Risk], shares: Floats
) -> list[Mixture]:
    """The risk under sums of two solved load cases, by superposition of their strain fields.

    Exact for the sum of the loads and reactions of both, each part by its own criterion; cells
    that either case leaves out are not judged. Where the supports of the two differ, the sum
    stands under the reactions of both.

    Parameters
    ----------
    risks : of the two load cases on the same mesh and materials.
    shares : (n, 2) of the loads of the first and of the second case; either may be negative.

    Raises
    ------
    InvalidStudy
        If both cases together judge no cell.
    """
    numbers = part_numbers(mesh, parts)
    known = np.isfinite(risks[0].field) & np.isfinite(risks[1].field)
    groups = [(part, np.flatnonzero(known & (numbers == i))) for i, part in enumerate(parts)]
    judges = [_Judge.of(field, part, cells, risks) for part, cells in groups if cells.size]
    if not judges:
        message = "no cell is judged under both load cases, so they cannot be mixed"
        raise InvalidStudy(message, code="E-RISK-NONE")
    out = []
    for first, second in np.asarray(shares, dtype=np.float64):
        peaks = [judge.peak(first, second) for judge in judges]
        worst = int(np.argmax(peaks))
        out.append(Mixture(float(first), float(second), peaks[worst], judges[worst].part.name))
    return out


@dataclass(frozen=True, eq=False, slots=True)
class _Judge:
    """The cells of one part under two load cases.

    Attributes
    ----------
    strains : of the two cases, (n, 6) each.
    alone : (2, 2, n) risk of each case alone, with its load as it is and turned round.
    """

    field: MaterialField
    part: Part
    cells: Ints
    strains: tuple[Floats, Floats]
    alone: Floats

    @classmethod
    def of(cls, field: MaterialField, part: Part, cells: Ints, risks: tuple[Risk, Risk]) -> _Judge:
        strains = risks[0].strain[cells], risks[1].strain[cells]
        alone = np.array([[_judged(field, part, cells, sign * e) for sign in (1.0, -1.0)] for e in strains])
        return cls(field, part, cells, strains, alone)

    def peak(self, first: float, second: float) -> float:
        """The greatest risk in a mixture.

        The risk of a sum is at most the sum of the risks (the criteria of all parts are convex and
        grow in proportion), so only cells whose sum exceeds a risk already found are judged.
        """
        most = abs(first) * self.alone[0, int(first < 0.0)] + abs(second) * self.alone[1, int(second < 0.0)]
        order = np.argsort(-most, kind="stable")
        start = self._of(order[:CERTAIN], first, second)
        rest = order[CERTAIN:][most[order[CERTAIN:]] > start]
        return max(start, self._of(rest, first, second)) if rest.size else start

    def _of(self, rows: Ints, first: float, second: float) -> float:
        strain = first * self.strains[0][rows] + second * self.strains[1][rows]
        return float(_judged(self.field, self.part, self.cells[rows], strain).max())


def _judged(field: MaterialField, part: Part, cells: Ints, strain: Floats) -> Floats:
    """Risk (n,) of cells of a part under strains (n, 6), by the part's own criterion."""
    moduli = None if field.moduli is None else field.moduli[cells]
    stress = stress_from_strain(strain, field.young[cells], field.poisson[cells], moduli)
    name = PRIMARY[part.kind]
    return CRITERIA[name].risk(strain, stress, limits_of(field, part, name, cells))
