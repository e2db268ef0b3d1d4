"""Mesh files: read behind a guard, written whole or not at all.

=========  ====================================  =======  =======
suffix     what it is                            read     written
=========  ====================================  =======  =======
``.stl``   surface, binary or text               yes      binary
``.ply``   surface, binary or text               yes      binary
``.obj``   surface (Wavefront)                   yes
``.vtp``   surface (VTK)                         yes
``.vtu``   mesh (VTK, ParaView)                  yes      yes
``.vtk``   mesh (legacy VTK)                     yes
``.msh``   mesh (Gmsh 2.2 and 4.1)               yes
``.inp``   mesh (Abaqus, CalculiX)               yes      yes
``.npz``   mesh (our own, exact)                 yes      yes
=========  ====================================  =======  =======

A file either gives a valid `Mesh` or `TriSurface` in mm, or one `FemurfeError`; whatever the
libraries below print, raise or exit with stays here. Nothing in a file is executed, no other
file is opened for it, and no XML entity is expanded.
"""

from femurfe.mesh.io.meshes import MESH_FORMATS, WRITTEN_FORMATS, read_mesh, write_mesh
from femurfe.mesh.io.scale import MM_PER_UNIT, check_size
from femurfe.mesh.io.surfaces import SURFACE_FORMATS, read_surface, write_surface

__all__ = [
    "MESH_FORMATS",
    "MM_PER_UNIT",
    "SURFACE_FORMATS",
    "WRITTEN_FORMATS",
    "check_size",
    "read_mesh",
    "read_surface",
    "write_mesh",
    "write_surface",
]
