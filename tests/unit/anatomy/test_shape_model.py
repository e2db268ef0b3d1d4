import json
import os
import pickle

import numpy as np
import pytest
from musculoskeletal.models import get_model_path

from femurfe.anatomy import shape_model
from femurfe.errors import InvalidShape, UnreadableFile
from femurfe.surface import components

SURFACES = {"femur": 2, "hemipelvis": 0, "right_hemipelvis": 0, "sacrum": 2}
VOLUMES_ML = {
    "femur": (330.0, 780.0),
    "hemipelvis": (200.0, 520.0),
    "right_hemipelvis": (200.0, 520.0),
    "sacrum": (150.0, 350.0),
}


def published_nodes(body):
    """The mean nodes that the package brings in a file of their own."""
    names = {"femur": "femur_left_mean_rigid_LLP26", "pelvis": "pelvis_combined_cubic_mean_rigid_LLP26"}
    with open(get_model_path(f"atlas_meshes/{names[body]}.geof"), encoding="utf-8") as file:  # noqa: PTH123
        table = json.load(file)["field_parameters"]
    return np.array([[float(table[key][f"dim {i}"]) for i in range(3)] for key in sorted(table)])


@pytest.mark.parametrize("body", ["femur", "pelvis"])
def test_the_mean_of_the_model_is_the_published_mean(body):
    mean = shape_model._model().mean.reshape(3, -1).T[shape_model._MEAN_NODES[body]]
    assert np.abs(mean - published_nodes(body)).max() < 1e-9


def test_the_surface_passes_through_the_nodes_that_its_grid_meets():
    """Sixteen steps meet the nodes of quartic sides; three of a cubic side only at its ends."""
    points = shape_model.bone_surface("femur", shape_model.weights()).points
    nodes = published_nodes("femur")
    quartic = [ids for kind, ids in shape_model._patch_nodes("femur") if kind in ("quad55", "tri15")]
    assert len(quartic) > 10
    wanted = nodes[np.unique(np.concatenate(quartic))]
    gaps = np.linalg.norm(wanted[:, None] - points[None], axis=2).min(axis=1)
    assert gaps.max() < 1e-9


@pytest.mark.parametrize("body", ["femur", "pelvis"])
def test_the_surface_is_a_mean_of_nodes_with_weights_that_add_up_to_one(body):
    evaluator, triangles = shape_model._evaluator(body)
    assert np.allclose(np.asarray(evaluator.sum(axis=1)), 1.0, atol=1e-12)
    assert triangles.max() == evaluator.shape[0] - 1


@pytest.mark.parametrize("kind", ["quad44", "quad54", "quad55", "tri10", "tri15"])
def test_patches_of_polynomials_reproduce_polynomials(kind):
    order = min(shape_model._QUADRILATERALS.get(kind, (shape_model._TRIANGLES.get(kind),) * 2))
    n = {3: 6, 4: 8}[order]
    fine, _ = shape_model._patch(kind, n)
    count = shape_model._n_nodes(kind)
    assert fine.shape[1] == count
    if kind in shape_model._TRIANGLES:
        nodes = np.array([(i, j) for j in range(order + 1) for i in range(order + 1 - j)]) / order
        where = np.array([(i, j) for j in range(n + 1) for i in range(n + 1 - j)]) / n
    else:
        first, second = shape_model._QUADRILATERALS[kind]
        nodes = np.array([(i / first, j / second) for j in range(second + 1) for i in range(first + 1)])
        where = np.array([(i, j) for j in range(n + 1) for i in range(n + 1)]) / n
    for powers in [(0, 0), (1, 0), (0, 1), (2, 1), (0, 3), (1, 2)]:
        if sum(powers) <= order:
            values = nodes[:, 0] ** powers[0] * nodes[:, 1] ** powers[1]
            assert np.allclose(fine @ values, where[:, 0] ** powers[0] * where[:, 1] ** powers[1])


@pytest.mark.parametrize("name", SURFACES)
def test_the_mean_and_all_26_people_give_closed_surfaces_of_plausible_volume(name, euler):
    low, high = VOLUMES_ML[name]
    volumes = []
    for subject in [None, *range(26)]:
        surface = shape_model.bone_surface(name, shape_model.weights(subject=subject))
        assert euler(surface) == SURFACES[name]
        volumes.append(surface.volume() / 1000.0)
    assert low < min(volumes) < max(volumes) < high
    assert len(set(np.round(volumes, 3))) == 27
    assert np.mean(volumes[1:]) == pytest.approx(volumes[0], rel=0.1)


@pytest.mark.parametrize("name", SURFACES)
def test_every_bone_is_one_piece(name):
    assert len(components(shape_model.bone_surface(name, shape_model.weights()))) == 1


def test_the_mean_of_the_26_people_is_the_mean_shape():
    points = [shape_model.bone_surface("femur", shape_model.weights(subject=k)).points for k in range(26)]
    mean = shape_model.bone_surface("femur", shape_model.weights()).points
    assert np.abs(np.mean(points, axis=0) - mean).max() < 1e-6


def test_the_deviations_are_those_of_the_26_people():
    people = np.array([shape_model.weights(subject=k) for k in range(26)])
    assert np.allclose(people[:, :25].std(axis=0), people[:, :25].std(axis=0)[0])
    assert people[:, :25].std(axis=0)[0] == pytest.approx(1.0, abs=0.03)
    assert np.abs(people).max() < 3.0


def test_the_left_is_on_the_left_and_the_head_above_the_knee():
    mean = shape_model.weights()
    left, right = (shape_model.bone_surface(n, mean) for n in ("hemipelvis", "right_hemipelvis"))
    sacrum, femur = (shape_model.bone_surface(n, mean) for n in ("sacrum", "femur"))
    assert left.points[:, 0].mean() > sacrum.points[:, 0].mean() > right.points[:, 0].mean()
    assert sacrum.points[:, 1].mean() > left.points[:, 1].mean()
    assert femur.points[:, 2].max() > left.points[:, 2].min()
    assert femur.points[:, 2].mean() < left.points[:, 2].mean()
    assert np.ptp(femur.points[:, 2]) == pytest.approx(437.0, abs=40.0)


# Weights


@pytest.mark.parametrize("name", ["femur", "hemipelvis"])
@pytest.mark.parametrize("mode", [0, 3])
def test_a_mode_moves_the_bone_in_proportion_to_its_weight(name, mode):
    points = [
        shape_model.bone_surface(name, shape_model.weights((0.0,) * mode + (w,))).points
        for w in (-1.0, 0.0, 1.0, 2.0)
    ]
    step = points[2] - points[1]
    assert np.linalg.norm(step, axis=1).max() > 1.0
    assert np.allclose(points[3] - points[1], 2.0 * step, atol=1e-9)
    assert np.allclose(points[0] - points[1], -step, atol=1e-9)


def test_the_first_mode_is_size():
    small, large = (
        shape_model.bone_surface("femur", shape_model.weights((w,))).volume() for w in (-2.0, 2.0)
    )
    assert not 0.8 < small / large < 1.25


def test_weights_of_nothing_are_zero():
    assert np.array_equal(shape_model.weights(), np.zeros(26))


def test_modes_are_added_to_a_person():
    person = shape_model.weights(subject=5)
    both = shape_model.weights((1.0, -0.5), subject=5)
    assert np.allclose(both - person, [1.0, -0.5, *[0.0] * 24])


@pytest.mark.parametrize("modes", [(3.01,), (-4.0,), (np.nan,), (np.inf,), (0.0,) * 27])
def test_weights_out_of_range_are_refused(modes):
    with pytest.raises(
        InvalidShape, match="at most 26 weights between -3 and 3 standard deviations"
    ) as error:
        shape_model.weights(modes)
    assert error.value.code == "E-SHAPE-MODES"


@pytest.mark.parametrize("subject", [-1, 26, 1000])
def test_people_who_are_not_in_the_model_are_refused(subject):
    with pytest.raises(InvalidShape, match=f"subject must be 0 to 25, got {subject}") as error:
        shape_model.weights(subject=subject)
    assert error.value.code == "E-SHAPE-SUBJECT"


# Reading a pickle that may be anything


class Canary:
    """Runs a command when it is unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_a_pickle_that_would_run_a_command_is_refused_and_runs_nothing(tmp_path):
    mark = tmp_path / "ran"
    data = pickle.dumps({"mean": np.zeros(3), "weights": Canary(f"touch {mark}")})
    with pytest.raises(UnreadableFile, match=r"holds arrays only; this one asks for .*system") as error:
        shape_model.read_arrays(data)
    assert error.value.code == "E-FILE-PICKLE"
    assert not mark.exists()
    pickle.loads(data)
    assert mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cnumpy\nload\n.",
        b"cnumpy.core.multiarray\n_reconstruct.__globals__\n.",
        b"csubprocess\nPopen\n.",
        b"cnumpy\nndarray\n(I1\ntR.",
    ],
)
def test_other_pickles_are_refused(text):
    with pytest.raises(UnreadableFile):
        shape_model.read_arrays(text)


@pytest.mark.parametrize("data", [b"", b"not a pickle", b"\x80\x04", pickle.dumps([1, 2, 3])[:-3]])
def test_bytes_that_are_no_pickle_are_refused(data):
    with pytest.raises(UnreadableFile, match="cannot be read") as error:
        shape_model.read_arrays(data)
    assert error.value.code == "E-FILE-PICKLE"


@pytest.mark.parametrize("content", [[1, 2], "words", np.zeros(3)])
def test_a_pickle_of_something_else_than_a_table_is_refused(content):
    with pytest.raises(UnreadableFile, match="table of arrays"):
        shape_model.read_arrays(pickle.dumps(content))


def test_a_pickle_of_arrays_is_read():
    found = shape_model.read_arrays(pickle.dumps({"mean": np.arange(5.0), "names": ["a"]}, protocol=2))
    assert found["mean"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
