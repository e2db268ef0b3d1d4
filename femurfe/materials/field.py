"""What every cell is made of: elastic constants and limits, one value per cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from femurfe.arrays import Floats, Mask, frozen
from femurfe.errors import InvalidMaterial, warn

STIFFEST = 3.0e5
LIMITS = ("tension_strength", "compression_strength", "tension_strain", "compression_strain")


@dataclass(frozen=True, eq=False, slots=True)
class MaterialField:
    """Elastic constants and limits of every cell.

    Attributes
    ----------
    young : (n_cells,) MPa; poisson : (n_cells,).
    moduli : (n_cells, 6, 6) MPa, used instead of the two if given (engineering shear).
    limits : arrays (n_cells,) by the names in ``LIMITS``, MPa and 1; NaN where none is known.
    origin : what each region was given, for the record.

    Raises
    ------
    InvalidMaterial
        If a value is not finite or out of range; the message names the first cell and count.
    """

    young: Floats
    poisson: Floats
    moduli: Floats | None
    limits: Mapping[str, Floats]
    origin: Mapping[str, str]

    def __post_init__(self) -> None:
        young, poisson = frozen(self.young, np.float64), frozen(self.poisson, np.float64)
        _check_shape("Young's modulus", young, young.shape[:1])
        _check_shape("Poisson's ratio", poisson, young.shape)
        _check_range(
            "Young's modulus",
            "MPa",
            young,
            (young > 0.0) & (young <= STIFFEST),
            f"above 0 and at most {STIFFEST:g}",
        )
        _check_range(
            "Poisson's ratio", "1", poisson, (poisson > -1.0) & (poisson < 0.5), "between -1 and 0.5"
        )
        if (poisson >= 0.49).any():
            warn(
                "W-MATERIAL-LOCKING",
                f"{int((poisson >= 0.49).sum())} cells have nu >= 0.49; results may lock",
            )
        moduli = None if self.moduli is None else frozen(self.moduli, np.float64)
        if moduli is not None:
            _check_shape("the stiffness", moduli, (*young.shape, 6, 6))
            _check_definite(moduli)
        limits = _checked_limits(self.limits, young.shape)
        for name, value in zip(
            self.__slots__,
            (young, poisson, moduli, MappingProxyType(limits), MappingProxyType(dict(self.origin))),
            strict=True,
        ):
            object.__setattr__(self, name, value)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.young)

    def __reduce__(self) -> tuple[object, ...]:
        return MaterialField, (self.young, self.poisson, self.moduli, dict(self.limits), dict(self.origin))


def _check_shape(name: str, values: Floats, wanted: tuple[int, ...]) -> None:
    if values.shape != wanted or not wanted:
        message = f"{name} must be one value per cell, shape {wanted or '(n_cells,)'}, got {values.shape}"
        raise InvalidMaterial(message, code="E-MATERIAL-SIZE")


def _checked_limits(given: Mapping[str, Floats], shape: tuple[int, ...]) -> dict[str, Floats]:
    if set(given) != set(LIMITS):
        message = f"limits must be {', '.join(LIMITS)}, got {', '.join(given) or 'none'}"
        raise InvalidMaterial(message, code="E-MATERIAL-SIZE")
    limits = {name: frozen(given[name], np.float64) for name in LIMITS}
    for name, values in limits.items():
        _check_shape(name, values, shape)
        known = np.where(np.isnan(values), 1.0, values)
        _check_range(name, "(MPa or strain)", known, known > 0.0, "above 0 where it is known")
    return limits


def _check_range(name: str, unit: str, values: Floats, good: Mask, allowed: str) -> None:
    bad = ~(good & np.isfinite(values))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        count = int(bad.sum())
        message = (
            f"{name} must be {allowed} {unit}; {count} cells are not, first cell {first}: {values[first]}"
        )
        raise InvalidMaterial(message, code="E-MATERIAL-RANGE")


def _check_definite(moduli: Floats) -> None:
    turned = np.swapaxes(moduli, 1, 2)
    finite: Mask = np.asarray(np.isfinite(moduli).all(axis=(1, 2)))
    sound = np.where(finite[:, None, None], 0.5 * (moduli + turned), -np.eye(6))
    with np.errstate(invalid="ignore"):
        skew: Mask = np.abs(moduli - turned).max(axis=(1, 2)) > 1e-6 * np.abs(moduli).max(axis=(1, 2))
    lowest: Floats = np.linalg.eigvalsh(sound)[:, 0]
    bad = np.flatnonzero(~(lowest > 0.0) | skew)
    if bad.size:
        message = (
            f"{bad.size} cells have a stiffness that is not symmetric and positive definite, "
            f"first cell {int(bad[0])}"
        )
        raise InvalidMaterial(message, code="E-MATERIAL-DEFINITE")


def uniform_field(n_cells: int, young: float | Floats, poisson: float | Floats) -> MaterialField:
    """A field of isotropic constants without limits; scalars are the same everywhere."""
    none = np.full(n_cells, np.nan)
    one = [v if np.ndim(v) else np.full(n_cells, v) for v in (young, poisson)]
    return MaterialField(
        np.asarray(one[0]),
        np.asarray(one[1]),
        None,
        dict.fromkeys(LIMITS, none),
        {},
    )
