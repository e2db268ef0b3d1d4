"""A bone as voxels, with the regions and surfaces of its tetrahedral mesh."""

from __future__ import annotations

import numpy as np

from femurfe.anatomy.base import Bone
from femurfe.anatomy.tissue import REGIONS
from femurfe.arrays import Ints
from femurfe.errors import InvalidMesh
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import boundary, facet_areas, facet_centroids
from femurfe.mesh.voxel import LEAST_SHARE, Voxels, voxelise

FACES_OUT = 0.2


def voxel_mesh(bone: Bone, size: float = 1.0, *, least: float = LEAST_SHARE) -> Voxels:
    """A bone as cubes of ``size`` mm, in the regions and with the surfaces of `Bone.mesh`.

    Parameters
    ----------
    least : share of its volume from which a voxel is kept.

    Raises
    ------
    InvalidMesh, TooLarge
        If no voxel, or none on some surface, is left, or there are too many.
    """
    voxels = voxelise((bone.form.outer, *bone.form.cuts), size, least=least)
    tissue = bone.tissue(voxels.mesh)
    present = {name: i for name, i in REGIONS.items() if (tissue.region == i).any()}
    mesh = voxels.mesh.with_region(tissue.region, present)
    return voxels.with_mesh(mesh.with_surfaces(_surfaces(bone, mesh)))


def _surfaces(bone: Bone, mesh: Mesh) -> dict[str, Ints]:
    """Named surfaces; facets are picked by the normal of the bone, not by that of the stair."""
    rows = boundary(mesh)
    centroids, areas = facet_centroids(mesh, rows), facet_areas(mesh, rows)
    normals = bone.solid.normal(centroids)
    outward = np.einsum("ni,ni->n", normals, areas) >= FACES_OUT * np.linalg.norm(areas, axis=1)
    surfaces = {
        name: rows[patch.picks(centroids, normals) & outward] for name, patch in bone.form.patches.items()
    }
    empty = [name for name, picked in surfaces.items() if not len(picked)]
    if empty:
        message = f"the voxels are too coarse: none lies in {', '.join(empty)}; take a smaller size"
        raise InvalidMesh(message, code="E-MESH-COARSE")
    return {"outer": rows, **surfaces}
