"""What a scene shows is what was computed, to the steps it is packed in."""

import base64
import gzip

import numpy as np
import pytest
from helpers.meshes import block

from femurfe.errors import InvalidData
from femurfe.mesh.core import Mesh
from femurfe.mesh.io import write_mesh
from femurfe.mesh.quality import signed_volumes
from femurfe.report.cells import SHOWN
from femurfe.report.scene import LEVELS, MISSING, make_scene

REGIONS = {"trabecular": 0, "lesion": 1}


def cubes():
    """Two by two by two voxels of two millimetres."""
    axes = [np.arange(3) * 2.0] * 3
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(27).reshape(3, 3, 3)
    i, j, k = (x.ravel() for x in np.meshgrid(*[np.arange(2)] * 3, indexing="ij"))
    ring = [(0, 0), (1, 0), (1, 1), (0, 1)]
    cells = [
        [number[a + x, b + y, c + z] for z in (0, 1) for x, y in ring]
        for a, b, c in zip(i, j, k, strict=True)
    ]
    return Mesh(points, np.array(cells), np.zeros(8, dtype=int), {"trabecular": 0})


def files_of(folder, mesh, arms):
    """Files of fields of some arms under two loads; an arm is the cells of its lesion."""
    rng, files = np.random.default_rng(3), []
    for arm, cells in arms.items():
        region = np.zeros(mesh.n_cells, dtype=int)
        region[list(cells)] = 1
        labelled = mesh.with_region(region, REGIONS)
        for load in ("push", "turn"):
            path = folder / f"{arm}_{load}.vtu"
            fields = {name: rng.normal(size=mesh.n_cells) for name in SHOWN} | {
                "risk": rng.random(mesh.n_cells)
            }
            fields["risk"][0] = np.nan
            write_mesh(path, labelled, {"displacement": rng.normal(size=(mesh.n_points, 3))}, fields)
            files.append((arm, load, path))
    return files


def arrays_of(scene):
    """The arrays of a scene, as a browser reads them."""
    data = gzip.decompress(base64.b64decode(scene.packed))
    return {
        name: np.frombuffer(data, np.dtype(kind), n, start)
        for name, (kind, start, n) in scene.head["arrays"].items()
    }


@pytest.mark.parametrize(
    "mesh", [block((3, 2, 2), (6.0, 4.0, 4.0), 1), block((3, 2, 2), (6.0, 4.0, 4.0), 2), cubes()]
)
def test_the_tetrahedra_of_a_scene_fill_the_bone_and_its_outer_facets_close_it(tmp_path, mesh):
    scene = make_scene(files_of(tmp_path, mesh, {"intact": [], "lytic": [0, 1]}))
    arrays = arrays_of(scene)
    points = arrays["points"].reshape(-1, 3).astype(float)
    volumes = signed_volumes(points, arrays["tetrahedra"].reshape(-1, 4))
    whole = float(np.prod(np.ptp(mesh.points, axis=0)))
    assert volumes.min() > 0.0
    assert volumes.sum() == pytest.approx(whole, rel=1e-6)
    outer = arrays["sides"].reshape(-1, 2)[:, 1] < 0
    a, b, c = np.moveaxis(points[arrays["triangles"].reshape(-1, 3)[outer]], 1, 0)
    assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0 == pytest.approx(whole, rel=1e-6)


def test_an_item_is_closed_by_the_facets_between_its_cells_and_others(tmp_path):
    mesh = block((4, 4, 4), (4.0, 4.0, 4.0), 1)
    inner = np.flatnonzero(np.all(np.abs(mesh.centroids() - 2.0) < 1.0, axis=1))
    scene = make_scene(files_of(tmp_path, mesh, {"intact": [], "lytic": inner}))
    arrays = arrays_of(scene)
    label, sides = arrays["labels 1"], arrays["sides"].reshape(-1, 2)
    shown = (sides[:, 1] >= 0) & (label[sides[:, 0]] != label[sides[:, 1]])
    corners = arrays["points"].reshape(-1, 3)[arrays["triangles"].reshape(-1, 3)[shown]]
    area = (
        np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum()
        / 2.0
    )
    assert area == pytest.approx(24.0, rel=1e-6)
    assert scene.head["focus"] == pytest.approx([2.0, 2.0, 2.0])


def test_values_motions_and_peaks_come_back(tmp_path):
    from femurfe.mesh.io.fields import read_fields

    mesh = block((3, 2, 2), (3.0, 2.0, 2.0), 1)
    files = files_of(tmp_path, mesh, {"intact": [], "lytic": [5]})
    scene = make_scene(files)
    arrays, head = arrays_of(scene), scene.head
    for arm, load, path in files:
        i, j = head["arms"].index(arm), head["loads"].index(load)
        found, state = read_fields(path), head["states"][f"{i} {j}"]
        motion = arrays[f"motion {i} {j}"].reshape(-1, 3) * state["reach"] / 32_767
        assert np.abs(motion - found.points["displacement"]).max() < state["reach"] / 32_767
        for name in SHOWN:
            low, high = head["ranges"][j][name]
            level, true = arrays[f"{name} {i} {j}"], found.cells[name]
            assert np.array_equal(level == MISSING, np.isnan(true))
            known = level != MISSING
            shown = low + level[known] / LEVELS * (high - low)
            assert np.abs(shown - np.clip(true[known], low, high)).max() <= 0.51 * (high - low) / LEVELS
            peak, region = state["peaks"][name]
            at = int(np.nanargmax(np.abs(true)))
            assert peak == true[at]
            assert region == ("lesion" if arm == "lytic" and at == 5 else "trabecular")


def test_all_arms_share_the_scale_of_a_load_case(tmp_path):
    mesh = block((2, 1, 1), (2.0, 1.0, 1.0), 1)
    files = []
    for arm, risk in (("one", 0.2), ("two", 0.8)):
        files.append((arm, "push", tmp_path / f"{arm}.vtu"))
        write_mesh(files[-1][2], mesh, {}, {"risk": np.full(mesh.n_cells, risk)})
    scene = make_scene(files)
    assert scene.head["ranges"][0]["risk"] == [0.0, 0.8]
    levels = [int(arrays_of(scene)[f"risk {i} 0"][0]) for i in (0, 1)]
    assert levels == [round(0.25 * LEVELS), LEVELS]


def test_a_scene_that_is_too_large_shows_less_says_so_and_fits(tmp_path):
    mesh = block((8, 8, 8), (8.0, 8.0, 8.0), 1)
    files = files_of(tmp_path, mesh, {"intact": [], "lytic": range(100)})
    whole = make_scene(files)
    thin = make_scene(files, len(whole.packed) - 1)
    assert [len(whole.notes), len(thin.notes)] == [0, 1]
    assert str(mesh.n_cells) in thin.notes[0]
    assert arrays_of(thin)["tetrahedra"].size == 0
    coarse = make_scene(files, len(thin.packed) // 3)
    assert len(coarse.packed) <= len(thin.packed) // 3
    assert "coarser" in coarse.notes[1]
    assert arrays_of(coarse)["sides"].max() < len(arrays_of(coarse)["labels 0"])


def test_arms_on_different_meshes_make_no_scene(tmp_path):
    files = files_of(tmp_path, block((2, 1, 1), (2.0, 1.0, 1.0), 1), {"one": []})
    (tmp_path / "other").mkdir()
    other = files_of(tmp_path / "other", block((1, 1, 1), (1.0, 1.0, 1.0), 1), {"two": []})
    with pytest.raises(InvalidData, match="two, push are on another mesh"):
        make_scene(files + other)
    with pytest.raises(InvalidData, match="no file"):
        make_scene([])
