import os
import random
from collections import Counter
from pathlib import Path

import meshio
import numpy as np
import pytest
from test_io_meshes import two_spheres
from test_io_surfaces import vtp_file

from femurfe.errors import FemurfeError
from femurfe.mesh.core import Mesh
from femurfe.mesh.io import read_mesh, read_surface, write_mesh, write_surface
from femurfe.mesh.io.surfaces import SURFACE_FORMATS
from femurfe.mesh.topology import surface_of
from femurfe.surface import TriSurface

N = int(os.environ.get("FEMURFE_FUZZ", "600"))
WORDS = [
    b"-1",
    b"0",
    b"1e400",
    b"nan",
    b"99999999999999999999",
    b"4294967295",
    b"*INCLUDE, INPUT=/etc/passwd",
]


def seeds(folder: Path) -> list[Path]:
    """One small valid file of every format and encoding that is read."""
    out = []
    for order in (1, 2):
        mesh = two_spheres(order, size=9.0)
        for suffix in (".vtu", ".inp", ".npz"):
            out.append(folder / f"own{order}{suffix}")
            write_mesh(out[-1], mesh)
        out += _by_meshio(folder, mesh, order)
    return out + _surfaces(folder, surface_of(two_spheres(1, size=9.0)))


def _by_meshio(folder: Path, mesh: Mesh, order: int) -> list[Path]:
    cells = [(mesh.cell_type.meshio_name, mesh.cells)]
    tags = {"gmsh:physical": [mesh.region + 1], "gmsh:geometrical": [mesh.region + 1]}
    out = []
    for form, binary in [("gmsh22", True), ("gmsh22", False), ("gmsh", True), ("gmsh", False)]:
        out.append(folder / f"{form}{order}{binary:d}.msh")
        data = tags if form == "gmsh22" else {}
        meshio.Mesh(mesh.points, cells, cell_data=data).write(out[-1], file_format=form, binary=binary)
    for form, binary in [("vtk", True), ("vtk", False), ("vtk42", True), ("vtk42", False)]:
        out.append(folder / f"{form}{order}{binary:d}.vtk")
        data = {"region": [mesh.region]}
        meshio.Mesh(mesh.points, cells, cell_data=data).write(out[-1], file_format=form, binary=binary)
    out.append(folder / f"plain{order}.vtu")
    meshio.Mesh(mesh.points, cells, cell_data={"region": [mesh.region]}).write(out[-1], binary=False)
    return out


def _surfaces(folder: Path, surface: TriSurface) -> list[Path]:
    out = [folder / "s.stl", folder / "s.ply"]
    for path in out:
        write_surface(path, surface)
    tris = meshio.Mesh(surface.points, [("triangle", surface.triangles.astype(np.int32))])
    for name, options in [("t.stl", {"binary": False}), ("t.ply", {"binary": False}), ("t.obj", {})]:
        out.append(folder / name)
        tris.write(out[-1], **options)
    for name, data in [
        ("a.vtp", vtp_file(surface, "binary", compressed=True)),
        ("b.vtp", vtp_file(surface, "raw", header=64)),
    ]:
        out.append(folder / name)
        out[-1].write_bytes(data)
    return out


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The data with one to three faults of one kind."""
    kind = rng.choice(["cut", "flip", "insert", "drop", "swap", "double", "word", "zero"])
    for _ in range(rng.randint(1, 3)):
        at, n = rng.randrange(len(data)), rng.randint(1, 64)
        if kind == "cut":
            return data[:at]
        if kind == "flip":
            data = data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
        elif kind == "insert":
            data = data[:at] + rng.randbytes(n) + data[at:]
        elif kind == "drop":
            data = data[:at] + data[at + n :] or b"x"
        elif kind == "double":
            data = data[:at] + data[at : at + n] + data[at:]
        elif kind == "zero":
            data = data[:at] + b"\0" * n + data[at + n :]
        else:
            data = _by_parts(data, kind, rng)
    return data


def _by_parts(data: bytes, kind: str, rng: random.Random) -> bytes:
    parts = data.split(b"\n" if kind == "swap" else b" ")
    i, j = rng.randrange(len(parts)), rng.randrange(len(parts))
    if kind == "swap":
        parts[i], parts[j] = parts[j], parts[i]
        return b"\n".join(parts)
    parts[i] = rng.choice(WORDS)
    return b" ".join(parts)


def outcome(path: Path) -> str:
    """What reading gives: a refusal's code, or ``accepted``; anything else fails the test."""
    read = read_surface if path.suffix in SURFACE_FORMATS else read_mesh
    try:
        out = read(path)
    except FemurfeError as error:
        return error.code
    assert isinstance(out, Mesh | TriSurface)
    assert np.isfinite(out.points).all()
    return "accepted"


def run(paths: list[Path], n: int, seed: int = 1) -> Counter:
    """Outcomes of ``n`` mutations, spread over all seeds."""
    rng, counts = random.Random(seed), Counter()
    originals = [path.read_bytes() for path in paths]
    for k in range(n):
        path = paths[k % len(paths)]
        path.write_bytes(mutated(originals[k % len(paths)], rng))
        counts[path.suffix, outcome(path)] += 1
    return counts


@pytest.mark.filterwarnings("ignore")
def test_a_damaged_file_gives_a_typed_refusal_or_a_valid_mesh_and_prints_nothing(tmp_path, capfd):
    paths = seeds(tmp_path)
    capfd.readouterr()
    assert {outcome(path) for path in paths} == {"accepted"}
    counts = run(paths, N)
    assert sum(counts.values()) == N
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err == ""
