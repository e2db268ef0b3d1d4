"""Real bones from a statistical shape model of 26 people.

The model is LLP26 of the package ``musculoskeletal-models`` (MPL-2.0; Musculoskeletal Atlas
Project, Zhang et al. 2014, doi 10.1007/978-3-319-12057-7_21): pelvis and left femur as patches
of Lagrange polynomials, a mean and 26 principal components. Coordinates are in mm with x to
the patient's left, y to the back and z up.
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from femurfe.arrays import Floats, Ints, frozen
from femurfe.errors import FemurfeError, InvalidShape, UnreadableFile
from femurfe.surface import TriSurface, components

N_SUBJECTS = 26
LARGEST_WEIGHT = 3.0
_MODEL = "shape_models/LLP26_rigid.pc"
_MEAN_NODES = {"pelvis": slice(0, 1946), "femur": slice(1946, 2580)}
_PATCHES = {"pelvis": "pelvis_combined_cubic_flat", "femur": "femur_left_quartic_flat"}
_DENSITY = {"pelvis": 10, "femur": 16}
# Order of the polynomial along each side of a quadrilateral, or of a triangle.
_QUADRILATERALS = {"quad44": (3, 3), "quad54": (4, 3), "quad55": (4, 4)}
_TRIANGLES = {"tri10": 3, "tri15": 4}


class _NumbersOnly(pickle.Unpickler):
    """Reads pickles that hold arrays and nothing that could run."""

    _ALLOWED = (
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
    )

    def find_class(self, module: str, name: str) -> Any:
        """The class asked for, if it is one of the few that make an array."""
        if (module, name) not in self._ALLOWED:
            message = f"a shape model holds arrays only; this one asks for {module}.{name}"
            raise UnreadableFile(message, code="E-FILE-PICKLE")
        return super().find_class(module, name)


def read_arrays(data: bytes) -> dict[str, Any]:
    """The arrays in a pickled shape model.

    Raises
    ------
    UnreadableFile
        If the bytes are no pickle, or hold anything but arrays.
    """
    try:
        content = _NumbersOnly(io.BytesIO(data), encoding="latin1").load()
    except FemurfeError:
        raise
    except Exception as error:
        message = f"the shape model cannot be read: {error}"
        raise UnreadableFile(message, code="E-FILE-PICKLE") from error
    if not isinstance(content, dict):
        message = f"a shape model is a table of arrays, this is {type(content).__name__}"
        raise UnreadableFile(message, code="E-FILE-PICKLE")
    return content


@dataclass(frozen=True, eq=False, slots=True)
class _Model:
    mean: Floats
    modes: Floats
    deviations: Floats
    subjects: Floats


@lru_cache(maxsize=1)
def _model() -> _Model:
    raw = read_arrays(_path(_MODEL).read_bytes())
    deviations = np.sqrt(raw["weights"])
    tiny = deviations < 1e-6 * deviations[0]
    scores = raw["projectedWeights"] / np.where(tiny, 1.0, deviations)[:, None]
    scores[tiny] = 0.0
    return _Model(raw["mean"], raw["modes"], deviations, scores.T)


def _path(name: str) -> Path:
    from musculoskeletal.models import get_model_path

    path = get_model_path(name)
    if path is None:
        message = f"the installed musculoskeletal-models has no {name}"
        raise UnreadableFile(message, code="E-FILE-MISSING")
    return Path(path)


def weights(modes: Sequence[float] = (), subject: int | None = None) -> Floats:
    """Weights of the 26 modes in standard deviations, (26,).

    Parameters
    ----------
    modes : weights of the first modes, each between -3 and 3.
    subject : one of the 26 people (0 to 25) to start from, instead of the mean.

    Raises
    ------
    InvalidShape
        If there are too many modes, a weight is out of range, or there is no such subject.
    """
    given = np.asarray(list(modes), dtype=float)
    if len(given) > N_SUBJECTS or not (np.abs(given) <= LARGEST_WEIGHT).all():
        message = (
            f"modes must be at most {N_SUBJECTS} weights between -{LARGEST_WEIGHT:g} and "
            f"{LARGEST_WEIGHT:g} standard deviations, got {given.tolist()}"
        )
        raise InvalidShape(message, code="E-SHAPE-MODES")
    out = np.zeros(N_SUBJECTS)
    if subject is not None:
        if subject not in range(N_SUBJECTS):
            message = f"subject must be 0 to {N_SUBJECTS - 1}, got {subject}"
            raise InvalidShape(message, code="E-SHAPE-SUBJECT")
        out += _model().subjects[subject]
    out[: len(given)] += given
    return out


def bone_surface(bone: str, weights: Floats) -> TriSurface:
    """The closed surface of a bone, of the left side where there are two.

    Parameters
    ----------
    bone : ``"femur"``, ``"hemipelvis"``, ``"sacrum"``, or the other side's ``"right_hemipelvis"``.
    weights : (26,) standard deviations; see `weights`.
    """
    model = _model()
    body = "femur" if bone == "femur" else "pelvis"
    shape = model.mean + model.modes @ (model.deviations * weights)
    nodes = shape.reshape(3, -1).T[_MEAN_NODES[body]]
    evaluator, triangles = _evaluator(body)
    whole = TriSurface(evaluator @ nodes, triangles)
    return whole if body == "femur" else _piece(whole, bone)


def _piece(pelvis: TriSurface, bone: str) -> TriSurface:
    points, triangles = _pelvis_pieces()[bone]
    return TriSurface(pelvis.points[points], triangles)


@lru_cache(maxsize=1)
def _pelvis_pieces() -> dict[str, tuple[Ints, Ints]]:
    """Points and triangles of the sacrum and of both hemipelves in the whole pelvis."""
    evaluator, triangles = _evaluator("pelvis")
    mean = _model().mean.reshape(3, -1).T[_MEAN_NODES["pelvis"]]
    tagged = np.arange(evaluator.shape[0], dtype=float)
    whole = TriSurface(evaluator @ mean, triangles)
    sides = sorted(components(whole), key=lambda piece: piece.centroids()[:, 0].mean())
    names = dict(zip(("right_hemipelvis", "sacrum", "hemipelvis"), sides, strict=True))
    return {name: _located(whole, piece, tagged) for name, piece in names.items()}


def _located(whole: TriSurface, piece: TriSurface, ids: Floats) -> tuple[Ints, Ints]:
    from scipy.spatial import cKDTree

    distance, at = cKDTree(whole.points).query(piece.points)
    assert float(distance.max()) == 0.0
    return ids[at].astype(np.int64), piece.triangles


@lru_cache(maxsize=2)
def _evaluator(body: str) -> tuple[Any, Ints]:
    """Sparse matrix from nodes to surface points, and the triangles between the points."""
    from scipy.sparse import csr_matrix

    patches = [_patch(kind, _DENSITY[body]) for kind, _ in _patch_nodes(body)]
    rows, columns, values, triangles, start = [], [], [], [], 0
    for (basis, local), (_, nodes) in zip(patches, _patch_nodes(body), strict=True):
        rows.append(np.repeat(np.arange(len(basis)) + start, len(nodes)))
        columns.append(np.tile(nodes, len(basis)))
        values.append(basis.ravel())
        triangles.append(local + start)
        start += len(basis)
    index = np.concatenate(rows), np.concatenate(columns)
    matrix = csr_matrix((np.concatenate(values), index), shape=(start, int(index[1].max()) + 1))
    return _joined(matrix, np.concatenate(triangles))


def _joined(matrix: Any, triangles: Ints) -> tuple[Any, Ints]:
    """Drop the doubles of points on shared patch sides: those with equal rows."""
    probe = np.cos(np.arange(matrix.shape[1] * 2, dtype=float) ** 1.5).reshape(-1, 2)
    keys = np.round(matrix @ probe, 9)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    joined = inverse.ravel()[triangles]
    real = (joined[:, 0] != joined[:, 1]) & (joined[:, 1] != joined[:, 2]) & (joined[:, 2] != joined[:, 0])
    return matrix[first], frozen(joined[real], np.int64)


@lru_cache(maxsize=2)
def _patch_nodes(body: str) -> list[tuple[str, Ints]]:
    """Kind and global node numbers of each patch.

    Nodes are numbered in the order in which patches name them first; the table of
    connections says which local nodes are one.
    """
    mesh = json.loads(_path(f"atlas_meshes/{_PATCHES[body]}.mesh").read_text(encoding="utf-8"))
    number: dict[tuple[int, int], int] = {}
    patches, count = [], 0
    for element in range(len(mesh["elements"])):
        kind = mesh["elements"][str(element)].split()[-1]
        nodes = []
        for local in range(int(_n_nodes(kind))):
            same = [tuple(map(int, s.split("_"))) for s in mesh["connectivity"][f"{element}_{local}"].split()]
            known = next((number[s] for s in same if s in number), None)
            if known is None:
                known, count = count, count + 1
            number[element, local] = known
            nodes.append(known)
        patches.append((kind, np.array(nodes)))
    return patches


def _n_nodes(kind: str) -> int:
    if kind in _TRIANGLES:
        order = _TRIANGLES[kind]
        return (order + 1) * (order + 2) // 2
    first, second = _QUADRILATERALS[kind]
    return (first + 1) * (second + 1)


def _patch(kind: str, n: int) -> tuple[Floats, Ints]:
    return _triangle(_TRIANGLES[kind], n) if kind in _TRIANGLES else _quadrilateral(*_QUADRILATERALS[kind], n)


def _lagrange(order: int, x: Floats) -> Floats:
    """Lagrange polynomials on equal steps of [0, 1] at ``x``, (n, order + 1)."""
    nodes = np.linspace(0.0, 1.0, order + 1)
    out = np.ones((len(x), order + 1))
    for i in range(order + 1):
        for j in range(order + 1):
            if i != j:
                out[:, i] *= (x - nodes[j]) / (nodes[i] - nodes[j])
    return out


def _quadrilateral(first: int, second: int, n: int) -> tuple[Floats, Ints]:
    """Basis at an (n + 1) x (n + 1) grid, first coordinate fastest, and its triangles."""
    step = np.linspace(0.0, 1.0, n + 1)
    u, v = np.tile(step, n + 1), np.repeat(step, n + 1)
    basis = (_lagrange(second, v)[:, :, None] * _lagrange(first, u)[:, None, :]).reshape(len(u), -1)
    ids = np.arange(len(u)).reshape(n + 1, n + 1)
    a, b, c, d = ids[:-1, :-1].ravel(), ids[:-1, 1:].ravel(), ids[1:, 1:].ravel(), ids[1:, :-1].ravel()
    return basis, np.vstack([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


def _triangle(order: int, n: int) -> tuple[Floats, Ints]:
    """Basis at a triangular grid of n steps, first coordinate fastest, and its triangles."""
    where = np.array([(i, j) for j in range(n + 1) for i in range(n + 1 - j)])
    area = np.column_stack([where / n, 1.0 - where.sum(axis=1) / n])
    columns = []
    for j in range(order + 1):
        for i in range(order + 1 - j):
            powers = (i, j, order - i - j)
            columns.append(np.prod([_silvester(order, p, area[:, k]) for k, p in enumerate(powers)], axis=0))
    number = {tuple(ij): k for k, ij in enumerate(where.tolist())}
    up = [(number[i, j], number[i + 1, j], number[i, j + 1]) for i, j in number if i + j < n]
    down = [(number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]) for i, j in number if i + j < n - 1]
    return np.stack(columns, axis=1), np.array(up + down)


def _silvester(order: int, power: int, x: Floats) -> Floats:
    """One factor of a Lagrange polynomial on a simplex."""
    out = np.ones_like(x)
    for m in range(power):
        out *= (order * x - m) / (m + 1)
    return out
