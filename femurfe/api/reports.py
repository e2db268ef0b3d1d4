"""Reports: a folder of results as one page that works offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from femurfe.api.analyses import analyses_of, table_rows
from femurfe.api.pictures import pictures
from femurfe.errors import FemurfeError, UnreadableFile
from femurfe.figures.style import png_bytes
from femurfe.mesh.io.atomic import write_whole
from femurfe.report.folder import read_folder
from femurfe.report.pictures import Drawn
from femurfe.report.run import run_page
from femurfe.report.sweep import Statistic, sweep_page
from femurfe.study.store import MARK
from femurfe.study.sweep.results import SweepResults
from femurfe.study.sweep.store import DESIGN

if TYPE_CHECKING:
    from femurfe.study.sweep.analyses import Analysis

NAME = "report.html"


def write_report(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write the report of the results of a run or a sweep; nothing is solved or meshed.

    Parameters
    ----------
    folder : that a run or a sweep left; of a sweep done or not.
    out : the page; ``report.html`` in the folder if left out. An earlier one is replaced.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    UnreadableFile
        If the folder holds no results, or damaged ones; nothing is written.
    FemurfeError
        If the page cannot be written.
    """
    place = Path(folder)
    path = Path(out) if out is not None else place / NAME
    page = _page(place)
    write_whole(path, lambda draft: _write(draft, page))
    return path


def _page(place: Path) -> str:
    if (place / MARK).is_file():
        return run_page(read_folder(place))
    if (place / DESIGN).is_file():
        results = SweepResults(place)
        return sweep_page(results, *_statistics(results))
    message = f"{str(place)!r} holds no results: it has neither {MARK} of a run nor {DESIGN} of a sweep"
    raise UnreadableFile(message, code="E-FILE-RESULTS")


def _write(draft: Path, page: str) -> None:
    draft.write_text(page, encoding="utf-8")


def _statistics(results: SweepResults) -> tuple[list[Statistic], tuple[str, ...]]:
    """The analyses that ``femurfe analyze`` would make, and what cannot be had."""
    try:
        found, refused = analyses_of(results, None, ("risk",), ())
    except FemurfeError as error:
        return [], (str(error),)
    made = [
        Statistic(f"{one.kind} of {one.outcome}", list(table_rows(one)), list(_drawn(one))) for one in found
    ]
    return made, refused


def _drawn(found: Analysis) -> Iterator[Drawn]:
    for place, figure in pictures(found):
        of = ", ".join(filter(None, place))
        caption = f"{found.kind.capitalize()} of {found.outcome.replace('_', ' ')}: {of}."
        yield Drawn(f"{found.kind} {of}", "png", png_bytes(figure), caption)
