"""Pictures for papers; the only floor that draws."""

from femurfe.figures.bars import arm_bars
from femurfe.figures.section import section_figure
from femurfe.figures.style import save
from femurfe.figures.views import view_figure

__all__ = ["arm_bars", "save", "section_figure", "view_figure"]
