"""Yielding laws on cells: which kernel, which cells, and its constants for each."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints, frozen
from femurfe.errors import InvalidMaterial
from femurfe.fem.assemble import lame
from femurfe.kernels import brittle, drucker_prager, quadric, von_mises

KERNELS: dict[str, ModuleType] = {
    "von_mises": von_mises, "drucker_prager": drucker_prager, "quadric": quadric, "brittle": brittle,
}  # fmt: skip
STEEPEST = 0.9


@dataclass(frozen=True, eq=False, slots=True)
class Law:
    """A yielding law on some cells.

    Attributes
    ----------
    kernel : one of ``KERNELS``.
    cells : (n,) ids, ascending.
    constants : (n, c) of the kernel, MPa and 1.
    is_symmetric : whether its tangent is.
    sweeps : (n,) by which softening is spread over neighbours, see `femurfe.fem.patches`; None for none.
    """

    kernel: str
    cells: Ints
    constants: Floats
    is_symmetric: bool
    sweeps: Floats | None = None

    @property
    def module(self) -> ModuleType:
        """The kernel's module."""
        return KERNELS[self.kernel]

    @property
    def table(self) -> tuple[Floats, Floats] | None:
        """Plastic strains and strengths or their shares, (n, m) each, if strength follows such a table."""
        at = getattr(self.module, "TABLE", None)
        if at is None or not len(self.cells):
            return None
        m = int(self.constants[0, at - 1])
        return self.constants[:, at : at + m], self.constants[:, at + m : at + 2 * m]

    @property
    def whole(self) -> Floats:
        """The strength (n,) that the table's shares are of, MPa; one where it holds strengths."""
        at = getattr(self.module, "SHARES_OF", None)
        return np.ones(len(self.cells)) if at is None else self.constants[:, at]

    @property
    def peak(self) -> Floats | None:
        """The plastic strain (n,) up to which strength does not fall, if it follows a table."""
        if self.table is None:
            return None
        strain, strength = self.table
        last = strength.shape[1] - 1 - strength[:, ::-1].argmax(axis=1)
        return np.asarray(strain[np.arange(len(strain)), last])

    @property
    def falls(self) -> bool:
        """Whether strength falls anywhere."""
        return self.kernel == "brittle" or (
            self.table is not None and bool((np.diff(self.table[1], axis=1) < 0.0).any())
        )


def _columns(cells: Ints, *values: npt.ArrayLike) -> Floats:
    """Values of cells, (n,) or (n, m) or the same for all, side by side."""
    parts = []
    for value in values:
        array = np.asarray(value, dtype=float)
        wide = array[:, None] if array.ndim == 1 and len(array) == len(cells) else np.atleast_2d(array)
        parts.append(np.broadcast_to(wide, (len(cells), wide.shape[1])))
    return np.asarray(frozen(np.hstack(parts), np.float64))


def _table(cells: Ints, strain: npt.ArrayLike, strength: npt.ArrayLike) -> Floats:
    """Number of pieces, plastic strains and strengths of each cell, (n, 1 + 2 m)."""
    x, y = (np.atleast_2d(np.asarray(v, dtype=float)) for v in (strain, strength))
    n, m = len(cells), max(x.shape[1], y.shape[1])
    x, y = (np.broadcast_to(v, (n, m)) for v in (x, y))
    if (x[:, 0] != 0.0).any() or (np.diff(x, axis=1) <= 0.0).any() or not (y > 0.0).all():
        message = "plastic strains must start at 0 and grow, and strengths must be positive"
        raise InvalidMaterial(message, code="E-MATERIAL-HARDENING")
    return np.hstack([np.full((n, 1), float(m)), x, y])


def _spread(sweeps: Floats | None) -> Floats | None:
    """Sweeps (n,), or None if there are none."""
    return sweeps if sweeps is not None and (sweeps > 0.0).any() else None


def _check_slope(table: Floats, least: Floats) -> None:
    """Refuse softening so steep that a point has no answer: slopes below ``least`` (n,), negative."""
    m = int(table[0, 0]) if len(table) else 1
    if m < 2:
        return
    slopes = np.diff(table[:, 1 + m :], axis=1) / np.diff(table[:, 1 : 1 + m], axis=1)
    bad = (slopes < (1.0 + 1e-9) * least[:, None]).any(axis=1)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        message = (
            f"{int(bad.sum())} cells soften too steeply, first one by {slopes[first].min():.4g} MPa per "
            f"plastic strain; at least {least[first]:.4g} is allowed: take smaller cells"
        )
        raise InvalidMaterial(message, code="E-MATERIAL-SOFTENING")


def softens(laws: tuple[Law, ...]) -> bool:
    """Whether the strength of any law falls anywhere."""
    return any(law.falls for law in laws)


def steepest_softening(young: Floats) -> Floats:
    """The steepest slope of strength by plastic strain at which points have an answer, MPa, negative."""
    return -STEEPEST * np.asarray(young)


def von_mises_law(
    cells: Ints, young: Floats, poisson: Floats, strain: npt.ArrayLike, strength: npt.ArrayLike,
    sweeps: Floats | None = None,
) -> Law:  # fmt: skip
    """Von Mises plasticity whose strength is a table of plastic strain; see `femurfe.kernels.von_mises`.

    Parameters
    ----------
    cells : (n,) ids. young, poisson : (n,) MPa and 1, of these cells.
    strain, strength : (m,) or (n, m); plastic strains from 0 on, and MPa. Constant after the last.
    sweeps : (n,) by which softening is spread over neighbours, see `femurfe.fem.patches`.

    Raises
    ------
    InvalidMaterial
        If a table is not in order, or softens too steeply.
    """
    lam, mu = lame(young, poisson)
    table = _table(cells, strain, strength)
    _check_slope(table, steepest_softening(young))
    return Law("von_mises", cells, _columns(cells, lam, mu, table), True, _spread(sweeps))


def drucker_prager_law(
    cells: Ints, young: Floats, poisson: Floats, friction: npt.ArrayLike, cohesion: npt.ArrayLike,
    dilatancy: npt.ArrayLike | None = None, hardening: npt.ArrayLike = 0.0,
) -> Law:  # fmt: skip
    """Drucker-Prager plasticity ``friction I1 + sqrt(J2) = cohesion``; see `femurfe.kernels.drucker_prager`.

    Parameters
    ----------
    friction, cohesion : (n,) or one for all; of two strengths by `drucker_prager_constants`.
    dilatancy : of the flow; that of ``friction`` if left out.
    hardening : growth of the cohesion by the multiplier, MPa.

    Raises
    ------
    InvalidMaterial
        If friction or cohesion is not positive, or dilatancy or hardening negative.
    """
    lam, mu = lame(young, poisson)
    flow = friction if dilatancy is None else dilatancy
    positive = all((np.asarray(v) > 0.0).all() for v in (friction, cohesion, flow))
    if not positive or (np.asarray(hardening) < 0.0).any():
        message = "friction, cohesion and dilatancy must be above 0, hardening at least 0"
        raise InvalidMaterial(message, code="E-MATERIAL-HARDENING")
    constants = _columns(cells, lam, mu, friction, cohesion, flow, hardening)
    return Law("drucker_prager", cells, constants, is_symmetric=dilatancy is None)


def drucker_prager_constants(tension: Floats, compression: Floats) -> tuple[Floats, Floats]:
    """Constants (friction, cohesion) of ``friction I1 + sqrt(J2) = cohesion`` from two strengths, MPa.

    Source: Bessho 2007, J Biomech 40:1745.
    """
    total = np.sqrt(3.0) * (compression + tension)
    return (compression - tension) / total, 2.0 * compression * tension / total


def quadric_law(
    cells: Ints, young: Floats, poisson: Floats, tension: Floats, compression: Floats,
    strain: npt.ArrayLike = 0.0, share: npt.ArrayLike = 1.0, sweeps: Floats | None = None,
) -> Law:  # fmt: skip
    """Hoffman's isotropic plasticity of unlike strengths; see `femurfe.kernels.quadric`.

    Parameters
    ----------
    tension, compression : (n,) MPa; compression is the larger.
    strain, share : (m,) or (n, m): plastic strains from 0 on, and what both strengths are multiplied by.
    sweeps : (n,) by which softening is spread over neighbours, see `femurfe.fem.patches`.

    Raises
    ------
    InvalidMaterial
        If a table is not in order or softens too steeply, or tension is above compression.
    """
    lam, mu = lame(young, poisson)
    if not (np.asarray(compression) >= np.asarray(tension)).all() or not (np.asarray(tension) > 0.0).all():
        message = "strengths must be positive, and that in tension at most that in compression"
        raise InvalidMaterial(message, code="E-MATERIAL-HARDENING")
    table = _table(cells, strain, share)
    _check_slope(table, steepest_softening(young) / np.asarray(compression))
    constants = _columns(cells, lam, mu, tension, compression, table)
    return Law("quadric", cells, constants, True, _spread(sweeps))


def brittle_law(
    cells: Ints, young: Floats, poisson: Floats, tension: Floats, compression: Floats,
    fracture_energy: float, length: Floats,
) -> Law:  # fmt: skip
    """Brittle in tension, ductile in compression; see `femurfe.kernels.brittle`.

    Parameters
    ----------
    tension, compression : (n,) MPa.
    fracture_energy : N/mm of a crack's area; length : (n,) mm, of the cells.

    Raises
    ------
    InvalidMaterial
        If cells are too long for their fracture energy: longer than 2 G E / f^2.
    """
    lam, mu = lame(young, poisson)
    start = np.asarray(tension / young, dtype=float)
    scale = np.asarray(fracture_energy / (length * tension) - 0.5 * start, dtype=float)
    bad = ~(scale > 0.0)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        message = (
            f"{int(bad.sum())} cells are too long for their fracture energy, first one "
            f"{float(np.atleast_1d(length)[first]):.4g} mm; less than 2 G E / f^2 is needed"
        )
        raise InvalidMaterial(message, code="E-MATERIAL-SOFTENING")
    constants = _columns(cells, lam, mu, compression, young, start, scale)
    return Law("brittle", cells, constants, is_symmetric=False)
