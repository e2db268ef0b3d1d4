"""Material fields of cells that are only partly made of something."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.errors import InvalidMaterial
from femurfe.materials.field import MaterialField

MOST = 3.0


def weighted(field: MaterialField, share: npt.ArrayLike) -> MaterialField:
    """The field of cells of which only a ``share`` (n_cells,) is filled, the rest being void.

    Stiffness is multiplied by the share; limits stay those of the material. A share above 1 stands for
    what a cell took over from neighbours that are not kept.

    Raises
    ------
    InvalidMaterial
        If a share is not above 0 and at most `MOST`.
    """
    part = _checked(share, field, MOST, lowest_allowed=False)
    moduli = None if field.moduli is None else field.moduli * part[:, None, None]
    return MaterialField(field.young * part, field.poisson, moduli, field.limits, field.origin)


def blended(field: MaterialField, other: MaterialField, share: npt.ArrayLike) -> MaterialField:
    """The field of cells of which a ``share`` (n_cells,) is made of ``other``: the mean by volume.

    Limits are those of what fills the greater part.

    Raises
    ------
    InvalidMaterial
        If a share is outside 0 to 1, the fields differ in size, or one of them is anisotropic.
    """
    part = _checked(share, field, 1.0, lowest_allowed=True)
    if other.n_cells != field.n_cells or field.moduli is not None or other.moduli is not None:
        message = "only isotropic fields of equal size are blended"
        raise InvalidMaterial(message, code="E-MATERIAL-SIZE")
    young = (1.0 - part) * field.young + part * other.young
    poisson = (1.0 - part) * field.poisson + part * other.poisson
    limits = {n: np.where(part >= 0.5, other.limits[n], values) for n, values in field.limits.items()}
    return MaterialField(young, poisson, None, limits, {**field.origin, **other.origin})


def _checked(share: npt.ArrayLike, field: MaterialField, most: float, *, lowest_allowed: bool) -> Floats:
    part = np.asarray(share, dtype=float)
    low = part >= 0.0 if lowest_allowed else part > 0.0
    if part.shape != (field.n_cells,) or not (low & (part <= most)).all():
        message = f"shares must be {field.n_cells} numbers up to {most:g}, got {part.shape} from {part.min()}"
        raise InvalidMaterial(message, code="E-MATERIAL-SHARE")
    return part
