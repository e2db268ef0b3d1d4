"""Laws of interfaces at one point: a path of jumps, and the derivative by complex steps."""

from itertools import pairwise

import numpy as np

from femurfe.fem.tractions import Cohesive, CohesiveFrictional, Compliant, Frictional

LAWS = {
    "compliant": Compliant(310.0, 270.0),
    "frictional": Frictional(900.0, 700.0, 0.3),
    "cohesive": Cohesive(400.0, 330.0, 1.3, 3.25, 0.05, 0.2),
    "cohesive_frictional": CohesiveFrictional(400.0, 330.0, 1.3, 3.25, 0.05, 0.2, 0.4),
}


def followed(law, jumps):
    """Tractions (n, 3), tangents (n, 3, 3) and histories along a path of jumps (n, 3)."""
    past, parameters, out = np.zeros((1, law.n_history)), law.parameters(1), []
    for jump in np.asarray(jumps, dtype=float):
        traction, tangent, past = law.update(jump[None], past, parameters)
        out.append((traction[0], tangent[0], past[0]))
    return tuple(np.array(values) for values in zip(*out, strict=True))


def straight(*corners, n=50):
    """Jumps (m, 3) along straight lines from zero through corners, ``n`` steps each."""
    ends = np.array([(0.0, 0.0, 0.0), *corners])
    return np.concatenate([a + np.arange(1, n + 1)[:, None] / n * (b - a) for a, b in pairwise(ends)])


def complex_slopes(law, jump, past):
    """Derivative (3, 3) of the traction by the jump, by complex steps through the same kernel."""
    step, out = 1e-30, np.empty((3, 3))
    for k in range(3):
        j = np.array(jump, dtype=complex)[None]
        j[0, k] += 1j * step
        traction, tangent = np.empty((1, 3), complex), np.empty((1, 3, 3), complex)
        new, room = np.empty((1, law.n_history), complex), np.empty((1, law.module.ROOM, 3), complex)
        law.module.update_serial(
            j, past[None].astype(complex), law.parameters(1), traction, tangent, new, room
        )
        out[:, k] = traction[0].imag / step
    return out


def random_states(law, n, seed, size=0.03):
    """Jumps and the histories that random walks of a few steps left before them."""
    draw = np.random.default_rng(seed)
    states = []
    for _ in range(n):
        walk = np.cumsum(draw.normal(scale=size / 2.0, size=(4, 3)), axis=0)
        past = followed(law, walk)[2][-1]
        states.append((walk[-1] + draw.normal(scale=size, size=3), past))
    return states
