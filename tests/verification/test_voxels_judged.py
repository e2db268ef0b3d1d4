"""Hexahedra judged: stiffness, strain, risk, failure load, error, faults and cuts of a voxel model."""

import numpy as np
import pytest

from femurfe.evaluate import (
    Part,
    bone_part,
    evaluate_risk,
    failure_load,
    region_rows,
    relative_error,
    stiffness,
)
from femurfe.fem.linear import SolverOptions
from femurfe.figures.slices import cut_polygons, plane
from femurfe.loads import Fixed, Force, LoadCase
from femurfe.materials import Filling, MaterialField, uniform_field, with_fillings
from femurfe.mesh.check import check_mesh, report
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import inside
from femurfe.mesh.topology import boundary, facet_centroids
from femurfe.mesh.voxel import voxelise
from femurfe.model import Model, solve
from femurfe.shapes import Box, Sphere

PULL = LoadCase("pull", (Fixed("low"),), (Force("high", (0.0, 0.0, 1000.0)),))
LYTIC, PMMA = {"lesion": Filling("tissue/lytic_tumour")}, {"lesion": Filling("cement/pmma")}


def block(size: float = 1.0) -> Mesh:
    """A block of 12 x 12 x 24 mm with a ball of 3.6 mm in its middle, in two regions."""
    mesh = voxelise([Box((0.0, 0.0, 0.0), (6.0, 6.0, 12.0))], size, region="trabecular").mesh
    region = np.where(inside(mesh, Sphere((0.0, 0.0, 0.0), 3.6)), 1, 0).astype(np.int32)
    rows = boundary(mesh)
    height = facet_centroids(mesh, rows)[:, 2]
    surfaces = {"low": rows[height < -12.0 + 1e-9], "high": rows[height > 12.0 - 1e-9]}
    return mesh.with_region(region, {"trabecular": 0, "lesion": 1}).with_surfaces(surfaces)


def bone(mesh: Mesh) -> MaterialField:
    limits = {
        "tension_strength": 5.0, "compression_strength": 8.0, "tension_strain": 0.007,
        "compression_strain": 0.01,
    }  # fmt: skip
    plain = uniform_field(mesh.n_cells, 500.0, 0.3)
    return MaterialField(
        plain.young, plain.poisson, None, {n: np.full(mesh.n_cells, v) for n, v in limits.items()}, {}
    )


def judged(mesh: Mesh, fillings, parts):
    model = Model(mesh, with_fillings(bone(mesh), mesh, fillings), PULL)
    result = solve(model, SolverOptions("multigrid"))
    return model, result, evaluate_risk(model, result, parts, 4.0)


def test_a_lesion_softens_and_cement_stiffens_and_the_peak_is_beside_it():
    mesh = block()
    parts = [bone_part(mesh, 1.5)]
    plain = judged(mesh, {}, parts)
    lytic = judged(mesh, LYTIC, parts)
    cement = judged(mesh, PMMA, [*parts, Part("cement", "cement", ("lesion",), 1.5)])
    k = [stiffness(result, PULL).axial for _, result, _ in (plain, lytic, cement)]
    assert k[1] < 0.99 * k[0] < 0.999 * k[2]
    assert lytic[2].first.risk > 1.3 * plain[2].first.risk
    assert np.linalg.norm(lytic[2].first.where) < 6.5
    assert {peak.part for peak in cement[2].peaks} == {"bone", "cement"}
    for model, result, risk in (plain, lytic, cement):
        assert failure_load(result, PULL, risk.first.risk).force == pytest.approx(1000.0 / risk.first.risk)
        assert 0.0 < relative_error(model, result) < 0.2
        rows = {row["region"]: row for row in region_rows(model, result)}
        assert sum(row["energy_Nmm"] for row in rows.values()) == pytest.approx(result.work, rel=0.05)
        assert sum(row["volume_ml"] for row in rows.values()) == pytest.approx(12 * 12 * 24 / 1000.0)


def test_a_block_of_cubes_has_no_fault_and_its_measures():
    mesh = block()
    check_mesh(mesh)
    found = report(mesh)
    assert (found.cell_type, found.n_cells, found.n_parts) == ("hex8", 12 * 12 * 24, 1)
    assert found.volume_ml == pytest.approx(3.456)
    assert (found.quality_min, found.edge_mean) == pytest.approx((1.0, 1.0))
    assert found.issues == ()


def area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


@pytest.mark.parametrize(
    ("right", "up", "section"),
    [
        ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), 12.0 * 24.0),
        ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 12.0 * 12.0),
        ((1.0, 1.0, 0.0), (0.0, 0.0, 1.0), 12.0 * np.sqrt(2.0) * 24.0),
        ((0.0, 1.0, 0.0), (1.0, 0.0, 1.0), 12.0 * 12.0 * np.sqrt(2.0)),
        ((1.0, -1.0, 0.0), (1.0, 1.0, -2.0), 12.0**2 * np.sqrt(3.0)),
    ],
)
def test_a_cut_through_cubes_is_one_polygon_per_cell_and_as_large_as_the_section(right, up, section):
    mesh = block()
    up = np.array(up) / np.linalg.norm(up)
    polygons, cells = cut_polygons(mesh, plane(np.array([0.013, 0.007, 0.003]), np.array(right), up))
    assert len(polygons) == len(cells) == len(set(cells.tolist()))
    areas = [area(polygon) for polygon in polygons]
    assert min(areas) >= 0.0
    assert sum(areas) == pytest.approx(section, rel=1e-2)
    assert {len(polygon) for polygon in polygons} <= {3, 4, 5, 6}
