"""Newton's method along a loading path, with steps that adapt, and one linear condition for the factor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import NotConverged
from femurfe.fem.contribution import Answer, TangentSum
from femurfe.fem.drive import Drive, Leg, State
from femurfe.fem.steps import Condition, NewtonOptions, StepRow
from femurfe.fem.tangents import Solve, TangentSolver

GROWTH, SHRINK, FEW, MANY = 1.5, 0.5, 5, 9
SEARCHES, ENOUGH, REACH = 4, 0.8, 2.0
FAR = 2.0
LOOSEST, TIGHTEST, EXACT = 1e-2, 1e-9, 1e-12


Kept = Callable[[StepRow, State, Answer], bool]


class Newton:
    """A solve along a path.

    Parameters
    ----------
    keep : called with every step that is kept; true ends the path.
    """

    def __init__(self, drive: Drive, solver: TangentSolver, options: NewtonOptions, keep: Kept) -> None:
        self.drive, self.solver, self.options, self.keep = drive, solver, options, keep
        self.n_steps = 0
        self.peak = 0.0
        self._last: tuple[Floats, float] | None = None
        self._along: Floats | None = None
        self._pace = 0.0
        self._length: float | None = None
        self._is_stable = True
        self.seconds = {"forces": 0.0, "tangents": 0.0, "solves": 0.0}

    def run(self, state: State, legs: tuple[Leg, ...]) -> tuple[State, str]:
        """The last kept state, and why the path ended."""
        for leg in legs:
            self._last, self._pace, self._length = None, 0.0, None
            self._is_stable = leg.control != "arc"
            state, end = self._leg(state, leg)
            if end:
                return state, end
        return state, "the end of the path was reached"

    def _leg(self, state: State, leg: Leg) -> tuple[State, str]:
        begin = self._position(state, leg)
        span = leg.to - begin
        done, share = 0.0, leg.first
        while done < 1.0 - 1e-12 and span != 0.0:
            if self.n_steps >= self.options.max_steps:
                return state, f"{self.n_steps} steps were made, as many as allowed"
            share = min(share, 1.0 - done) if leg.control != "arc" else share
            try:
                new, row, answer = self._step(state, leg, share * span)
            except NotConverged as error:
                share, self._last = SHRINK * share, None
                if share < leg.least:
                    return state, f"no step of {share / SHRINK:.2g} of the leg converged: {error}"
                continue
            if row.drift > FAR * self.options.drift and share > leg.finest:
                share, self._last = max(0.25 * share, leg.finest), None
                continue
            end = self._keep(state, new, row, answer)
            state, self._length = new, share * span
            done = (self._position(state, leg) - begin) / span
            share = self._next(share, row, leg)
            if end:
                return state, end
        return state, ""

    def _keep(self, old: State, new: State, row: StepRow, answer: Answer) -> str:
        """Keep a step; why the path ends with it, or nothing."""
        self._last = new.unknowns - old.unknowns, new.factor - old.factor
        self.n_steps += 1
        self.peak = max(self.peak, abs(row.load))
        if self.keep(row, new, answer):
            return "the caller ended it"
        if self.options.fall > 0.0 and abs(row.load) < self.options.fall * self.peak:
            return f"the load fell below {self.options.fall:g} of its peak"
        return ""

    def _next(self, share: float, row: StepRow, leg: Leg) -> float:
        """The size of the next step; below ``leg.finest`` accuracy does not keep it small."""
        if share < leg.finest and row.iterations <= MANY:
            return min(GROWTH * share, leg.finest)
        if row.iterations > MANY or row.drift > self.options.drift:
            return max(SHRINK * share, min(share, leg.finest))
        slow = row.iterations > FEW or row.drift > 0.4 * self.options.drift
        return share if slow else min(GROWTH * share, leg.most)

    def _position(self, state: State, leg: Leg) -> float:
        if leg.control == "load" and not self.drive.is_moved:
            return state.factor
        return self.drive.motion(state.unknowns, state.factor)

    def _condition(self, leg: Leg, length: float) -> Condition:
        d = self.drive
        if leg.control == "arc" and self._last is not None:
            change, factor = self._last
            size = float(np.linalg.norm(change))
            if self._pace == 0.0:
                made = factor * d.size if d.is_moved else float(np.vdot(d.outside, change)) / d.size
                self._pace = size / abs(made)
            return Condition(change / size, 0.0, abs(length) * self._pace)
        if d.is_moved:
            return Condition(None, d.size, length)
        if leg.control == "load":
            return Condition(None, 1.0, length)
        return Condition(d.outside / d.size, 0.0, length)

    def _step(self, state: State, leg: Leg, length: float) -> tuple[State, StepRow, Answer]:
        start, before = perf_counter(), self.solver.iterations
        condition = self._condition(leg, length)
        ratio = 0.0 if self._length is None else length / self._length
        state = replace(state, history=self.drive.foreseen(state.history, ratio))
        unknowns, factor = self._predicted(state, condition)
        unknowns, factor, answer, trail = self._solve(state, condition, unknowns, factor)
        new, d = State(unknowns, factor, answer.history), self.drive
        row = StepRow(
            self.n_steps + 1, len(trail) - 1, self.solver.iterations - before, trail[-1], tuple(trail),
            factor, d.motion(unknowns, factor), d.load(factor, answer), answer.dissipated,
            perf_counter() - start,
            self._drift(new),
        )  # fmt: skip
        return new, row, answer

    def _drift(self, state: State) -> float:
        """What would be left over if the history were brought up to date at once."""
        d = self.drive
        answer = self._answer(state.unknowns, state.factor, d.foreseen(state.history, 0.0))
        return self._share(d.left(state.unknowns, state.factor, answer), state.factor, answer)

    def _predicted(self, state: State, condition: Condition) -> tuple[Floats, float]:
        """A start for a step: the last one drawn out, or one along the tangent."""
        d = self.drive
        if self._last is not None:
            change, factor = self._last
            along = condition.length - condition.lacks(change, factor)
            if along * condition.length > 0.0:
                scale = condition.length / along
                return state.unknowns + scale * change, state.factor + scale * factor
        answer = self._answer(state.unknowns, state.factor, state.history)
        tangent = self._tangent(answer)
        left = d.left(state.unknowns, state.factor, answer)
        change, factor = self._correction(tangent, left, condition, np.zeros_like(left), 0.0, LOOSEST)
        return state.unknowns + change, state.factor + factor

    def _correction(
        self, tangent: Any, left: Floats, condition: Condition, change: Floats, factor: float,
        tolerance: float,
    ) -> tuple[Floats, float]:  # fmt: skip
        """The Newton step of unknowns and factor, given the change since the step's start."""
        solve = partial(self._timed, self.solver.solver(tangent))
        lacks = condition.lacks(change, factor)
        if condition.row is None:
            more = lacks / condition.weight
            right = left + more * self.drive.rate(tangent) if more != 0.0 else left
            return solve(right, tolerance), more
        own = solve(left, tolerance) if left.any() else np.zeros_like(left)
        along = solve(self.drive.rate(tangent), 0.1 * tolerance, self._along)
        self._along = along
        below = float(np.vdot(condition.row, along)) + condition.weight
        if below == 0.0:
            message = "the motion asked for does not depend on the load"
            raise NotConverged(message, iterations=0, residual=float("inf"))
        more = (lacks - float(np.vdot(condition.row, own))) / below
        return own + more * along, more

    def _timed(self, solve: Solve, right: Floats, tolerance: float, start: Floats | None = None) -> Floats:
        begin = perf_counter()
        out = solve(right, tolerance, start)
        self.seconds["solves"] += perf_counter() - begin
        return out

    def _answer(self, unknowns: Floats, factor: float, history: tuple[Any, ...]) -> Answer:
        start = perf_counter()
        out = self.drive.answer(unknowns, factor, history)
        self.seconds["forces"] += perf_counter() - start
        return out

    def _tangent(self, answer: Answer) -> TangentSum:
        start = perf_counter()
        out = answer.tangent()
        self.seconds["tangents"] += perf_counter() - start
        return out

    def _solve(
        self, state: State, condition: Condition, unknowns: Floats, factor: float
    ) -> tuple[Floats, float, Answer, list[float]]:
        d, trail = self.drive, []
        answer = self._answer(unknowns, factor, state.history)
        left = d.left(unknowns, factor, answer)
        least = np.inf
        for iteration in range(self.options.max_iterations + 1):
            share = self._share(left, factor, answer)
            trail.append(share)
            done = unknowns - state.unknowns, factor - state.factor
            kept = iteration > 0 or abs(condition.lacks(*done)) <= EXACT * abs(condition.length)
            if share <= self.options.tolerance and kept:
                return unknowns, factor, answer, trail
            least = min(least, share)
            if not np.isfinite(share) or (iteration > 5 and share > 1e3 * least):
                break
            change, more = self._downhill(answer, left, condition, *done, self._forcing(trail))
            unknowns, factor, answer, left = self._searched(state, unknowns, factor, left, change, more)
        message = f"after {len(trail) - 1} iterations {trail[-1]:.1e} of the forces is left over"
        raise NotConverged(message, iterations=len(trail) - 1, residual=trail[-1])

    def _downhill(
        self, answer: Answer, left: Floats, condition: Condition, change: Floats, factor: float,
        tolerance: float,
    ) -> tuple[Floats, float]:  # fmt: skip
        """`_correction`, with what is broken and has slipped by now where the tangent's is not downhill."""
        out = self._correction(self._tangent(answer), left, condition, change, factor, tolerance)
        if not self._is_stable or float(np.vdot(out[0], left)) >= 0.0:
            return out
        return self._correction(answer.steady(), left, condition, change, factor, tolerance)

    def _forcing(self, trail: list[float]) -> float:
        """How well the next linear system is solved (Eisenstat & Walker 1996, choice 2)."""
        wanted = 0.3 * self.options.tolerance / max(trail[-1], 1e-300)
        rate = LOOSEST if len(trail) < 2 else 0.5 * (trail[-1] / trail[-2]) ** 2
        return float(min(max(rate, wanted, TIGHTEST), LOOSEST))

    def _share(self, left: Floats, factor: float, answer: Answer) -> float:
        outside = abs(factor) * float(np.linalg.norm(self.drive.outside))
        size = max(float(np.linalg.norm(answer.forces)), outside)
        return float(np.linalg.norm(left)) / size if size > 0.0 else 0.0

    def _searched(
        self, state: State, unknowns: Floats, factor: float, left: Floats, change: Floats, more: float
    ) -> tuple[Floats, float, Answer, Floats]:
        """The state along a Newton step at which what is left over does little work on the step.

        Where it does ever more, as past a snap, the step is drawn out.
        """
        d = self.drive
        first = float(np.vdot(change, left))
        low, high, at = (0.0, first), (0.0, 0.0), 1.0
        best: tuple[float, tuple[Floats, float, Answer, Floats]] | None = None
        for search in range(1 + SEARCHES):
            u, f = unknowns + at * change, factor + at * more
            answer = self._answer(u, f, state.history)
            now = d.left(u, f, answer)
            work = float(np.vdot(change, now))
            size = float(np.linalg.norm(now))
            if best is None or size < best[0]:
                best = size, (u, f, answer, now)
            fine = abs(work) <= ENOUGH * abs(first) or first <= 0.0
            if search == 0 and (fine or float(np.linalg.norm(now)) <= float(np.linalg.norm(left))):
                return u, f, answer, now
            if fine:
                return u, f, answer, now
            if work < 0.0 or not np.isfinite(work):
                high = at, work
                at = low[0] + (at - low[0]) * float(np.clip(low[1] / max(low[1] - work, 1e-300), 0.1, 0.9))
            elif high[0] == 0.0:
                if work <= first or not self._is_stable:
                    break
                best, low, at = (size, (u, f, answer, now)), (at, work), REACH * at
            else:
                low = at, work
                at = at + (high[0] - at) * 0.5
        assert best is not None
        return best[1]
