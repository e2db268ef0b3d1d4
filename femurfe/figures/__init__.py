"""Pictures for papers; the only floor that draws."""

from femurfe.figures.bars import bar_figures, slope_figures
from femurfe.figures.charts import design_chart_figure
from femurfe.figures.curves import Curve, curve_figures, read_curves
from femurfe.figures.deformed import deformed_figures
from femurfe.figures.heat import heat_figures
from femurfe.figures.kinds import BENCH_KINDS, RUN_KINDS, SWEEP_KINDS, draw, read_source
from femurfe.figures.mixed import combined_figures, interaction_figures
from femurfe.figures.paired import paired_figure
from femurfe.figures.section import section_figures
from femurfe.figures.sensitivity import morris_figure, sobol_figure, tornado_figure
from femurfe.figures.style import Drawing, save
from femurfe.figures.surfaces import map_figures
from femurfe.figures.sweeps import convergence_figure, mean_bars_figure
from femurfe.figures.verdicts import probability_figure, rank_figure
from femurfe.figures.views import views_figures

__all__ = [
    "BENCH_KINDS",
    "RUN_KINDS",
    "SWEEP_KINDS",
    "Curve",
    "Drawing",
    "bar_figures",
    "combined_figures",
    "convergence_figure",
    "curve_figures",
    "deformed_figures",
    "design_chart_figure",
    "draw",
    "heat_figures",
    "interaction_figures",
    "map_figures",
    "mean_bars_figure",
    "morris_figure",
    "paired_figure",
    "probability_figure",
    "rank_figure",
    "read_curves",
    "read_source",
    "save",
    "section_figures",
    "slope_figures",
    "sobol_figure",
    "tornado_figure",
    "views_figures",
]
