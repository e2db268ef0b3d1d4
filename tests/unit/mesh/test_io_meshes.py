import numpy as np

from femurfe.mesh.core import Mesh
from femurfe.mesh.solid import mesh_solid
from femurfe.mesh.topology import boundary
from femurfe.shapes import Sphere


def two_spheres(order: int = 1, size: float = 6.0) -> Mesh:
    """A ball of bone with a tumour inside, a surface on top and one around the tumour."""
    from femurfe.mesh.topology import interface

    tumour = Sphere((0.0, 0.0, 0.0), 8.0)
    mesh = mesh_solid([Sphere((0.0, 0.0, 0.0), 20.0)], size, conform=[tumour], order=order)
    inside = tumour.distance(mesh.centroids()) < 0.0
    mesh = mesh.with_region(np.where(inside, 7, 2), {"bone": 2, "tumour": 7})
    outer = boundary(mesh)
    top = outer[mesh.points[mesh.facet_points(outer), 2].min(axis=1) > 10.0]
    return mesh.with_surfaces({"top": top, "around tumour": interface(mesh, inside)})
