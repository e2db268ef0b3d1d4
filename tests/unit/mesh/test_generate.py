"""Solids drawn with gmsh: a cylinder of 10 mm and 30 mm length with a core of 6 mm."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers.signals import AS_FROM_A_TERMINAL

from femurfe.errors import FemurfeError, InvalidMesh, MissingExtra
from femurfe.fem.elements import tetrahedron
from femurfe.kernels.tet import jacobian_weights
from femurfe.mesh import generate as generating
from femurfe.mesh.generate import generate
from femurfe.mesh.label import volumes
from femurfe.mesh.topology import boundary, facet_areas, facet_centroids, quadratic

try:
    generating._modules()
except MissingExtra as error:
    pytest.skip(str(error), allow_module_level=True)

RADIUS, CORE, LENGTH = 5.0, 3.0, 30.0


def cored(geometry):
    axis = [0.0, 0.0, 0.0], [0.0, 0.0, LENGTH]
    whole, core = (geometry.add_cylinder(*axis, r) for r in (RADIUS, CORE))
    rest = geometry.boolean_difference(whole, core, delete_other=False)
    geometry.boolean_fragments(rest, core)
    geometry.synchronize()
    geometry.add_physical(core, "core")
    geometry.add_physical(rest, "shell")


@pytest.fixture(scope="module", params=[1, 2])
def cylinder(request):
    return generate(cored, size=2.0, order=request.param)


def test_a_cylinder_with_a_core_has_two_regions_of_their_volumes(cylinder):
    """Chords take 5 % of the core; curved cells, integrated as they are, next to nothing."""
    assert set(cylinder.regions) == {"core", "shell"}
    table = tetrahedron(cylinder.cell_type.order, 4)
    size = jacobian_weights(cylinder.points, cylinder.cells, table.gradients, table.weights).sum(axis=1)
    near = 0.06 if cylinder.cell_type.order == 1 else 2e-3
    for name, area in (("core", CORE**2), ("shell", RADIUS**2 - CORE**2)):
        found = size[cylinder.in_region(name)].sum()
        assert found == pytest.approx(np.pi * area * LENGTH, rel=near), name


def test_the_core_is_inside(cylinder):
    away = np.linalg.norm(cylinder.centroids()[:, :2], axis=1)
    assert away[cylinder.in_region("core")].max() < CORE < away[cylinder.in_region("shell")].min() + 0.3


def test_regions_share_the_points_between_them(cylinder):
    core, shell = (np.unique(cylinder.cells[cylinder.in_region(n)]) for n in ("core", "shell"))
    shared = cylinder.points[np.intersect1d(core, shell)]
    assert len(shared) > 50
    assert np.linalg.norm(shared[:, :2], axis=1) == pytest.approx(CORE, abs=1e-6)
    outer = facet_centroids(cylinder, boundary(cylinder))
    flat = (np.abs(outer[:, 2]) < 1e-6) | (np.abs(outer[:, 2] - LENGTH) < 1e-6)
    assert (np.linalg.norm(outer[~flat, :2], axis=1) > 0.9 * RADIUS).all()


def test_the_points_of_a_quadratic_cell_are_in_the_order_of_its_edges():
    """A box has straight edges, so each point is the middle of the edge it belongs to."""

    def box(geometry):
        geometry.add_box([0.0, 0.0, 0.0], [4.0, 5.0, 6.0])

    mesh = generate(box, size=3.0, order=2)
    assert dict(mesh.regions) == {"solid": 0}
    ends = mesh.points[mesh.corners[:, mesh.cell_type.edges]]
    assert np.abs(mesh.points[mesh.cells[:, 4:]] - ends.mean(axis=2)).max() < 1e-9
    again = generate(box, size=3.0, order=1)
    assert volumes(mesh).sum() == pytest.approx(120.0)
    assert volumes(quadratic(again)).sum() == pytest.approx(120.0)


def test_a_physical_surface_becomes_a_surface():
    def bar(geometry):
        body = geometry.add_box([0.0, 0.0, 0.0], [4.0, 5.0, 6.0])
        geometry.synchronize()
        import gmsh

        tags = [tag for dim, tag in gmsh.model.getBoundary([(3, body._id)], oriented=False)]
        low = min(tags, key=lambda tag: gmsh.model.occ.getCenterOfMass(2, tag)[2])
        gmsh.model.addPhysicalGroup(3, [body._id], 1)
        gmsh.model.setPhysicalName(3, 1, "bar")
        gmsh.model.addPhysicalGroup(2, [low], 2)
        gmsh.model.setPhysicalName(2, 2, "bottom")

    for order in (1, 2):
        mesh = generate(bar, size=3.0, order=order)
        assert set(mesh.regions) == {"bar"}
        assert np.allclose(facet_areas(mesh, mesh.surface("bottom")).sum(axis=0), [0.0, 0.0, -20.0])


def test_what_gmsh_cannot_draw_is_refused_in_its_words():
    def wrong(geometry):
        geometry.add_ball([0.0, 0.0, 0.0], -1.0)

    with pytest.raises(InvalidMesh, match="gmsh could not make the mesh: ") as error:
        generate(wrong, size=1.0)
    assert error.value.code == "E-MESH-GMSH"


@pytest.mark.parametrize(("wrong", "why"), [({"size": 0.0}, "mesh size"), ({"order": 3}, "order must be 1")])
def test_a_size_or_order_that_is_none_is_refused(wrong, why):
    with pytest.raises(FemurfeError, match=why):
        generate(cored, **{"size": 2.0, **wrong})


def test_without_gmsh_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gmsh", None)
    with pytest.raises(MissingExtra, match=r"gmsh cannot be loaded .* pip install gmsh") as error:
        generate(cored, size=2.0)
    assert error.value.code == "E-EXTRA"


SIGNALS = """
import faulthandler, os, signal, sys
from femurfe.mesh.generate import generate

heard = []
signal.signal(signal.SIGTERM, lambda *_: heard.append("term"))
faulthandler.enable()

def block(geometry):
    os.kill(os.getpid(), signal.SIGTERM)
    geometry.add_box([0.0, 0.0, 0.0], [1.0, 1.0, 1.0])

generate(block, size=1.0)
os.kill(os.getpid(), signal.SIGTERM)
assert heard == ["term", "term"], heard
out, into = os.pipe()
os.close(out)
try:
    os.write(into, b"x")
except BrokenPipeError:
    print("broken pipe")
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted", flush=True)
faulthandler._sigsegv()
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
def test_signals_do_after_a_mesh_and_while_it_is_made_what_they_did_before():
    """gmsh sets them all to their defaults: a helper that had gone then took the whole run with it."""
    run = subprocess.run(
        [sys.executable, "-c", SIGNALS], capture_output=True, text=True, check=False,
        preexec_fn=AS_FROM_A_TERMINAL,
    )  # fmt: skip
    assert run.stdout.split("\n")[:2] == ["broken pipe", "interrupted"], run.stderr
    assert "Segmentation fault" in run.stderr


def test_a_mesh_is_made_in_any_thread(cylinder):
    with ThreadPoolExecutor(1) as pool:
        mesh = pool.submit(generate, cored, size=2.0, order=cylinder.cell_type.order).result()
    np.testing.assert_array_equal(mesh.points, cylinder.points)
