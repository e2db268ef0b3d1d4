"""What a researcher calls: compare arms, run a study file, look before."""

from femurfe.api.check import Check, check, inspect, make_mesh, recognised
from femurfe.api.comparison import FIGURES, Comparison, compare, figure
from femurfe.api.run import Run, check_ending, run, solve_one, write_figures, write_solved

__all__ = [
    "FIGURES",
    "Check",
    "Comparison",
    "Run",
    "check",
    "check_ending",
    "compare",
    "figure",
    "inspect",
    "make_mesh",
    "recognised",
    "run",
    "solve_one",
    "write_figures",
    "write_solved",
]
