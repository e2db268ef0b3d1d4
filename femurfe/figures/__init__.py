"""Pictures for papers; the only floor that draws."""

from femurfe.figures.bars import arm_bars
from femurfe.figures.charts import design_chart_figure
from femurfe.figures.paired import paired_figure
from femurfe.figures.section import section_figure
from femurfe.figures.sensitivity import morris_figure, sobol_figure, tornado_figure
from femurfe.figures.style import save
from femurfe.figures.verdicts import probability_figure, rank_figure
from femurfe.figures.views import view_figure

__all__ = [
    "arm_bars",
    "design_chart_figure",
    "morris_figure",
    "paired_figure",
    "probability_figure",
    "rank_figure",
    "save",
    "section_figure",
    "sobol_figure",
    "tornado_figure",
    "view_figure",
]
