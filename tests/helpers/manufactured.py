"""A smooth displacement on the unit cube whose body force is known, and errors against it."""

from dataclasses import dataclass

import numpy as np

from femurfe.fem.assemble import assemble_body_force
from femurfe.fem.elements import tetrahedron
from femurfe.kernels.tet import jacobian_weights
from femurfe.materials.field import uniform_field
from femurfe.mesh.topology import boundary
from helpers.meshes import block
from helpers.solving import held_solution, mask_of

POISSON = 0.3
_SIZES = np.array([0.3, -0.2, 0.25]) * 1e-2
_WAVES = np.array([[1.1, 0.7, -0.4], [0.5, -0.9, 0.8], [-0.6, 0.4, 1.2]])
_PHASES = np.array([0.3, 1.1, -0.5])


def displacement(x):
    """u_i = a_i sin(k_i . x + p_i), at places (..., 3)."""
    return _SIZES * np.sin(x @ _WAVES.T + _PHASES)


def slope(x):
    """du_i / dx_j, (..., 3, 3)."""
    return (_SIZES * np.cos(x @ _WAVES.T + _PHASES))[..., None] * _WAVES


def young(x, variation):
    """A modulus that grows smoothly across the cube, MPa."""
    return 1000.0 * np.exp(variation * (x @ np.array([0.5, -0.3, 0.4])))


def stress_of(strain, modulus):
    """Stress (..., 3, 3) of strain (..., 3, 3) for an isotropic modulus (...)."""
    modulus = np.asarray(modulus)[..., None, None]
    trace = np.trace(strain, axis1=-2, axis2=-1)[..., None, None]
    return modulus / (1 + POISSON) * (strain + POISSON / (1 - 2 * POISSON) * trace * np.eye(3))


def stress(x, variation):
    """The exact stress (..., 3, 3) MPa."""
    g = slope(x)
    return stress_of(0.5 * (g + np.swapaxes(g, -1, -2)), young(x, variation))


def body_force(x, variation):
    """Minus the divergence of the stress, (..., 3) N/mm3, by complex steps."""
    step = 1e-30
    slopes = [stress(x + 1j * step * e, variation)[..., :, j].imag / step for j, e in enumerate(np.eye(3))]
    return -np.sum(slopes, axis=0)


@dataclass
class Errors:
    """Norms of an error: of the displacement, of its slope, and the energy norm."""

    l2: float
    h1: float
    energy: float


@dataclass
class Solved(Errors):
    """A discrete displacement on its mesh, and its errors."""

    mesh: object
    field: object
    displacement: object


def solved(n, order, variation=0.0):
    """The cube in ``n`` bricks a side, with the exact displacement on its boundary."""
    mesh = block((n, n, n), (1.0, 1.0, 1.0), order)
    table = tetrahedron(order, 4)
    force = assemble_body_force(mesh, body_force(_at(mesh, table, mesh.points), variation))
    field = uniform_field(mesh.n_cells, young(mesh.centroids(), variation), POISSON)
    outer = np.unique(mesh.facet_points(boundary(mesh)))
    values = displacement(mesh.points)
    u = held_solution(mesh, field, mask_of(mesh, outer), values, force, direct=False)
    return Solved(**vars(errors(mesh, u, variation)), mesh=mesh, field=field, displacement=u)


def errors(mesh, u, variation=0.0):
    """How far a nodal displacement (n_points, 3) is from the exact one."""
    table = tetrahedron(mesh.cell_type.order, 4)
    x = _at(mesh, table, mesh.points)
    volumes = jacobian_weights(mesh.points, mesh.cells, table.gradients, table.weights)
    jacobian = np.einsum("cai,qak->cqik", mesh.points[mesh.cells], table.gradients)
    found = np.einsum("cai,qak->cqik", u[mesh.cells], table.gradients) @ np.linalg.inv(jacobian)
    away = found - slope(x)
    strain = 0.5 * (away + np.swapaxes(away, -1, -2))
    density = (strain * stress_of(strain, young(x, variation))).sum(axis=(-1, -2))
    squares = ((_at(mesh, table, u) - displacement(x)) ** 2).sum(-1), (away**2).sum(axis=(-1, -2)), density
    return Errors(*[float(np.sqrt((volumes * square).sum())) for square in squares])


def _at(mesh, table, values):
    return np.einsum("qa,cai->cqi", table.shape, values[mesh.cells])


def orders(values):
    """log2 of the ratio from each entry to the next, for meshes halved each time."""
    values = np.asarray(values)
    return np.log2(values[:-1] / values[1:])


def _jumping(x):
    """Sines squared times waves: zero with its slope at z = 1/2, so any jump of the modulus is allowed."""
    return np.sin(1.3 * (x[..., 2:] - 0.5)) ** 2 * displacement(x)


def _jumping_slope(x):
    """du_i / dx_j of `_jumping`, (..., 3, 3); takes complex places."""
    s, c = np.sin(1.3 * (x[..., 2] - 0.5)), np.cos(1.3 * (x[..., 2] - 0.5))
    out = s[..., None, None] ** 2 * slope(x)
    out[..., 2] += (2.6 * s * c)[..., None] * displacement(x)
    return out


def _jumping_stress(x, contrast, above):
    g = _jumping_slope(x)
    modulus = np.where(above, 1000.0 * contrast, 1000.0) * np.ones(x.shape[:-1])
    return stress_of(0.5 * (g + np.swapaxes(g, -1, -2)), modulus)


def solved_across_a_jump(n, order, contrast):
    """The cube with a modulus ``contrast`` times larger above z = 1/2, a plane between cells."""
    mesh = block((n, n, n), (1.0, 1.0, 1.0), order)
    table = tetrahedron(order, 4)
    x = _at(mesh, table, mesh.points)
    above = (mesh.centroids()[:, 2] > 0.5)[:, None]
    slopes = [
        _jumping_stress(x + 1e-30j * e, contrast, above)[..., :, j].imag / 1e-30
        for j, e in enumerate(np.eye(3))
    ]
    force = assemble_body_force(mesh, -np.sum(slopes, axis=0))
    field = uniform_field(mesh.n_cells, np.where(above[:, 0], 1000.0 * contrast, 1000.0), POISSON)
    outer = np.unique(mesh.facet_points(boundary(mesh)))
    u = held_solution(mesh, field, mask_of(mesh, outer), _jumping(mesh.points), force, direct=False)
    volumes = jacobian_weights(mesh.points, mesh.cells, table.gradients, table.weights)
    jacobian = np.einsum("cai,qak->cqik", mesh.points[mesh.cells], table.gradients)
    found = np.einsum("cai,qak->cqik", u[mesh.cells], table.gradients) @ np.linalg.inv(jacobian)
    away = found - _jumping_slope(x)
    strain = 0.5 * (away + np.swapaxes(away, -1, -2))
    modulus = np.where(above, 1000.0 * contrast, 1000.0) * np.ones(x.shape[:-1])
    density = (strain * stress_of(strain, modulus)).sum(axis=(-1, -2))
    squares = ((_at(mesh, table, u) - _jumping(x)) ** 2).sum(-1), (away**2).sum(axis=(-1, -2)), density
    return Errors(*[float(np.sqrt((volumes * square).sum())) for square in squares])
