"""What a researcher calls: compare arms, run a study file, look before."""

from femurfe.api.analyses import Analyses, analyze
from femurfe.api.check import Check, check, inspect, make_mesh, recognised
from femurfe.api.comparison import FIGURES, Comparison, compare, figure
from femurfe.api.figures import Figures, figures, write_figures
from femurfe.api.reports import write_report
from femurfe.api.run import Run, check_ending, run, solve_one, write_solved
from femurfe.api.sweep import Study, Sweep, read_sweep, sweep, sweep_status
from femurfe.api.viewing import viewer
from femurfe.study.sweep.settings import Settings

__all__ = [
    "FIGURES",
    "Analyses",
    "Check",
    "Comparison",
    "Figures",
    "Run",
    "Settings",
    "Study",
    "Sweep",
    "analyze",
    "check",
    "check_ending",
    "compare",
    "figure",
    "figures",
    "inspect",
    "make_mesh",
    "read_sweep",
    "recognised",
    "run",
    "solve_one",
    "sweep",
    "sweep_status",
    "viewer",
    "write_figures",
    "write_report",
    "write_solved",
]
