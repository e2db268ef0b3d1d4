"""What a bone without a CT is made of: cortex by a thickness map, trabecular bone by density."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.anatomy.specification import specification
from femurfe.arrays import Floats, Mask, frozen
from femurfe.errors import InvalidShape
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import fraction_below
from femurfe.shapes import Shape

REGIONS = {"cortical": 0, "trabecular": 1, "medullary": 2}


@dataclass(frozen=True, eq=False, slots=True)
class PointMap:
    """A smooth field through values at points, by inverse distance to the fourth power.

    Attributes
    ----------
    points : (m, 3) mm.
    values : (m,).
    """

    points: Floats
    values: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", frozen(self.points, np.float64))
        object.__setattr__(self, "values", frozen(self.values, np.float64))
        if self.points.shape != (len(self.values), 3) or not len(self.values):
            message = f"a map needs one value per point, got {self.points.shape} and {self.values.shape}"
            raise InvalidShape(message, code="E-SHAPE-MAP")

    def __call__(self, where: npt.ArrayLike) -> Floats:
        """Values at ``where`` (n, 3), (n,); between the least and the greatest given."""
        from scipy.spatial.distance import cdist

        weights = 1.0 / (cdist(np.asarray(where, dtype=float), self.points, "sqeuclidean") + 1e-6) ** 2
        return np.asarray(weights @ self.values / weights.sum(axis=1))


@dataclass(frozen=True, eq=False, slots=True)
class TissueMap:
    """Where cortex, trabecular bone and marrow are, and how dense.

    Attributes
    ----------
    outer : the bone's outer boundary, cut planes left out.
    thickness : of the cortex, mm.
    density_ash : of the trabecular bone, g/cm3.
    canal : solid in which what is not cortex is marrow, if there is one.
    """

    outer: Shape
    thickness: PointMap
    density_ash: PointMap
    canal: Shape | None = None

    def __call__(self, mesh: Mesh) -> Tissue:
        """The tissue of each cell of a mesh."""
        corners, inverse = np.unique(mesh.corners, return_inverse=True)
        cells = inverse.reshape(mesh.corners.shape)
        where = mesh.points[corners]
        outside_cortex = self.thickness(where) + self.outer.distance(where)
        cortical = 1.0 - fraction_below(outside_cortex[cells])
        region = np.where(cortical >= 0.5, REGIONS["cortical"], REGIONS["trabecular"])
        centroids = mesh.centroids()
        canal = np.zeros(mesh.n_cells, dtype=bool)
        if self.canal is not None:
            canal = self.canal.contains(centroids)
            region = np.where((cortical < 0.5) & canal, REGIONS["medullary"], region)
        return Tissue(cortical, self.density_ash(centroids), canal, region.astype(np.int32))


@dataclass(frozen=True, slots=True)
class UniformTissue:
    """Trabecular bone of one density throughout, without cortex.

    Attributes
    ----------
    density_ash : g/cm3.
    """

    density_ash: float

    def __call__(self, mesh: Mesh) -> Tissue:
        """The tissue of each cell of a mesh."""
        n = mesh.n_cells
        region = np.full(n, REGIONS["trabecular"], dtype=np.int32)
        return Tissue(np.zeros(n), np.full(n, self.density_ash), np.zeros(n, dtype=bool), region)


@dataclass(frozen=True, eq=False, slots=True)
class Tissue:
    """The tissue of each cell.

    Attributes
    ----------
    cortical : (n_cells,) share of the volume within the cortex, 0 to 1.
    density_ash : (n_cells,) g/cm3 of the trabecular part.
    in_canal : (n_cells,) true where what is not cortex is marrow.
    region : (n_cells,) ids in ``REGIONS``.
    """

    cortical: Floats
    density_ash: Floats
    in_canal: Mask
    region: npt.NDArray[np.int32]


def mapped_tissue(site: str, outer: Shape, marks: Mapping[str, Floats]) -> TissueMap:
    """The tissue map of a site from the values its specification gives at landmarks."""
    table = specification(site)
    return TissueMap(outer, _at(marks, table["cortex"]["thickness"]), _at(marks, table["density"]["ash"]))


def _at(marks: Mapping[str, Floats], values: Mapping[str, float]) -> PointMap:
    return PointMap(np.array([marks[name] for name in values]), np.array(list(values.values())))
