"""Steps of a nonlinear solve as values: when one counts as solved, what it did, and what controls it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats


@dataclass(frozen=True, slots=True)
class NewtonOptions:
    """When a step counts as solved.

    Attributes
    ----------
    tolerance : what may be left over, as a share of the forces inside.
    max_iterations : before a step is tried again at half its size.
    max_steps : of a whole path.
    drift : share of the forces by which softening that waits for the next step may fall behind
        before steps are made smaller.
    fall : end a path once the load has fallen to this share of its peak; 0 goes on.
    """

    tolerance: float = 1e-6
    max_iterations: int = 16
    max_steps: int = 500
    drift: float = 0.01
    fall: float = 0.0


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of the table of steps.

    Attributes
    ----------
    step, iterations : numbers; linear : iterations of all linear solves, or factorisations.
    residual : what is left over, as a share of the forces inside; trail : of every iteration.
    motion, load : mm and N, or rad and N mm. factor : of loads or motions.
    dissipated : N mm since the start. seconds : that the step took.
    drift : share of the forces by which the step's softening has fallen behind.
    """

    step: int
    iterations: int
    linear: int
    residual: float
    trail: tuple[float, ...]
    factor: float
    motion: float
    load: float
    dissipated: float
    seconds: float
    drift: float


@dataclass(eq=False, slots=True)
class Condition:
    """A linear condition ``row . du + weight dfactor = length`` on the change since the step's start."""

    row: Floats | None
    weight: float
    length: float

    def lacks(self, change: Floats, factor: float) -> float:
        """What is missing of the length."""
        done = self.weight * factor
        return self.length - done - (0.0 if self.row is None else float(np.vdot(self.row, change)))
