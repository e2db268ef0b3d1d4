"""Meshes of solids drawn with pygmsh: the only module that imports gmsh.

pygmsh is under the GPL (version 3 or later) and gmsh under the GPL (version 2 or later);
everything else of femurfe works without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from femurfe.arrays import Ints, positive
from femurfe.errors import InvalidMesh, MissingExtra
from femurfe.mesh.cells import TET4
from femurfe.mesh.core import Mesh
from femurfe.mesh.signals import kept_signals

DEBIAN = "libglu1-mesa libxrender1 libxcursor1 libxft2 libxinerama1"
# Gmsh numbers the last two mid-points of a tetrahedron the other way round.
_TO_VTK = [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]
_TET = {1: 4, 2: 11}
_TRIANGLE = {1: 2, 2: 9}


def generate(build: Callable[[Any], None], *, size: float, order: int = 1) -> Mesh:
    """Tetrahedra in the solids that ``build`` draws.

    Parameters
    ----------
    build : called with pygmsh's OpenCASCADE geometry; physical volumes become regions and
        physical surfaces become surfaces, each by its name. Without physical volumes all is
        one region ``solid``.
    size : largest edge length, mm.
    order : 1 for tet4, 2 for tet10 (curved where the solid is).

    Raises
    ------
    InvalidMesh
        If gmsh cannot make the mesh, with its own words.
    MissingExtra
        If gmsh or a library it needs is not installed.
    """
    positive(size, "mesh size")
    if order not in (1, 2):
        message = f"order must be 1 (tet4) or 2 (tet10), got {order!r}"
        raise InvalidMesh(message, code="E-MESH-ORDER")
    gmsh, pygmsh = _modules()
    try:
        with _drawing(gmsh, pygmsh) as geometry:
            geometry.characteristic_length_max = size
            build(geometry)
            geometry.synchronize()
            _name_volumes(geometry)
            gmsh.model.mesh.generate(3)
            gmsh.model.mesh.setOrder(order)
            return _mesh(gmsh, order)
    except InvalidMesh:
        raise
    except Exception as error:
        message = f"gmsh could not make the mesh: {error}"
        raise InvalidMesh(message, code="E-MESH-GMSH") from error


@contextmanager
def _drawing(gmsh: Any, pygmsh: Any) -> Iterator[Any]:
    """An empty geometry in a session of gmsh that leaves the process's signals alone.

    pygmsh's own way in works in the main thread alone, and gmsh sets every signal to its default.
    """
    with kept_signals():
        gmsh.initialize(interruptible=False)
    geometry = pygmsh.occ.Geometry()
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.model.add("femurfe")
    try:
        yield geometry
    finally:
        geometry.__exit__()


def _modules() -> tuple[Any, Any]:
    try:
        import gmsh
        import pygmsh
    except (ImportError, OSError) as error:
        cure = f"pip install gmsh pygmsh, and on Debian: apt-get install {DEBIAN}"
        message = f"gmsh cannot be loaded ({error}); {cure}"
        raise MissingExtra(message) from error
    return gmsh, pygmsh


def _name_volumes(geometry: Any) -> None:
    """Hand the physical groups asked of pygmsh to gmsh, as its own generate_mesh would."""
    import gmsh

    for dimension, tags, name in ((p[0], p[1], p[2]) for p in _asked_groups(geometry)):
        group = gmsh.model.addPhysicalGroup(dimension, tags)
        gmsh.model.setPhysicalName(dimension, group, name)


def _asked_groups(geometry: Any) -> list[tuple[int, list[int], str]]:
    groups: list[tuple[int, list[int], str]] = []
    for entities, name in geometry._PHYSICAL_QUEUE:
        dimension = int(entities[0].dim)
        groups.append((dimension, [int(e._id) for e in entities], str(name or f"group_{len(groups)}")))
    return groups


def _mesh(gmsh: Any, order: int) -> Mesh:
    tags, xyz, _ = gmsh.model.mesh.getNodes()
    number = np.zeros(int(tags.max()) + 1, dtype=np.int64)
    number[tags.astype(np.int64)] = np.arange(len(tags))
    blocks, regions = _regions(gmsh, order, number)
    cells = np.concatenate([block for block, _ in blocks])
    region = np.concatenate([np.full(len(block), i) for block, i in blocks])
    used, inverse = np.unique(cells, return_inverse=True)
    mesh = Mesh(xyz.reshape(-1, 3)[used], inverse.reshape(cells.shape), region, regions)
    renumber = np.full(len(tags), -1, dtype=np.int64)
    renumber[used] = np.arange(len(used))
    return mesh.with_surfaces(_surfaces(gmsh, order, mesh, renumber[number]))


def _regions(gmsh: Any, order: int, number: Ints) -> tuple[list[tuple[Ints, int]], dict[str, int]]:
    """Cells (n, k) with their region's id, and the ids by name."""
    groups = gmsh.model.getPhysicalGroups(3)
    volumes = {
        gmsh.model.getPhysicalName(3, g): list(gmsh.model.getEntitiesForPhysicalGroup(3, g))
        for _, g in groups
    }
    if not volumes:
        volumes = {"solid": [tag for _, tag in gmsh.model.getEntities(3)]}
    regions = {name: i for i, name in enumerate(volumes)}
    blocks = [
        (_elements(gmsh, 3, tag, _TET[order], number), regions[name])
        for name, own in volumes.items()
        for tag in own
    ]
    if order == 2:
        blocks = [(cells[:, _TO_VTK], i) for cells, i in blocks]
    return blocks, regions


def _elements(gmsh: Any, dimension: int, tag: int, kind: int, number: Ints) -> Ints:
    kinds, _, nodes = gmsh.model.mesh.getElements(dimension, tag)
    width = {4: 4, 11: 10, 2: 3, 9: 6}[kind]
    for found, flat in zip(kinds, nodes, strict=True):
        if int(found) == kind:
            return np.asarray(number[flat.astype(np.int64)].reshape(-1, width))
    message = f"gmsh left entity {tag} of dimension {dimension} without elements"
    raise InvalidMesh(message, code="E-MESH-GMSH")


def _surfaces(gmsh: Any, order: int, mesh: Mesh, number: Ints) -> dict[str, Ints]:
    """The physical surfaces as (cell, local facet) rows."""
    corners = np.sort(mesh.corners[:, TET4.facets], axis=2).reshape(-1, 3).astype(np.int64)
    row_of = {tuple(nodes): i for i, nodes in enumerate(corners.tolist())}
    out = {}
    for _, group in gmsh.model.getPhysicalGroups(2):
        tags = gmsh.model.getEntitiesForPhysicalGroup(2, group)
        triangles = np.concatenate([_elements(gmsh, 2, tag, _TRIANGLE[order], number)[:, :3] for tag in tags])
        rows = np.array([row_of[tuple(nodes)] for nodes in np.sort(triangles, axis=1).tolist()])
        out[gmsh.model.getPhysicalName(2, group)] = np.stack([rows // 4, rows % 4], axis=1)
    return out
