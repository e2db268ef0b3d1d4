"""Reports: a folder of results as one page that works offline."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from femurfe.api.analyses import analyses_of, table_rows
from femurfe.api.figures import figures
from femurfe.errors import FemurfeError, UnreadableFile
from femurfe.figures.pictures import pictures
from femurfe.figures.style import png_bytes
from femurfe.mesh.io.atomic import write_whole
from femurfe.report.folder import read_folder
from femurfe.report.pictures import Drawn
from femurfe.report.run import run_page
from femurfe.report.sweep import Statistic, sweep_page
from femurfe.study.store import MARK
from femurfe.study.sweep.kinds import KINDS
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
        return _run_page(place)
    if (place / DESIGN).is_file():
        results = SweepResults(place)
        return sweep_page(results, *_statistics(results))
    message = f"{str(place)!r} holds no results: it has neither {MARK} of a run nor {DESIGN} of a sweep"
    raise UnreadableFile(message, code="E-FILE-RESULTS")


def _run_page(place: Path) -> str:
    """The page of a run; figures are drawn for it if the folder holds none."""
    folder = read_folder(place)
    with tempfile.TemporaryDirectory() as draft:
        drawn = place / "figures"
        if not (drawn.is_dir() and any(drawn.iterdir())):
            drawn = Path(draft)
            with suppress(FemurfeError):
                figures(place, out=drawn, formats=["png"])
        return run_page(folder, drawn)


def _write(draft: Path, page: str) -> None:
    draft.write_text(page, encoding="utf-8")


def _statistics(results: SweepResults) -> tuple[list[Statistic], list[str]]:
    """The analyses that ``femurfe analyze`` would make, and what cannot be had."""
    made: list[Statistic] = []
    refused: list[str] = []
    for kind in KINDS:
        try:
            found, parts = analyses_of(results, [kind], ("risk",), ())
        except FemurfeError as error:
            refused.append(f"{kind} of risk: {error}")
            continue
        made += [_statistic(one) for one in found]
        refused += parts
    return made, refused


def _statistic(found: Analysis) -> Statistic:
    return Statistic(f"{found.kind} of {found.outcome}", list(table_rows(found)), list(_drawn(found)))


def _drawn(found: Analysis) -> Iterator[Drawn]:
    for place, figure in pictures(found):
        of = ", ".join(filter(None, place))
        caption = f"{found.kind.capitalize()} of {found.outcome.replace('_', ' ')}: {of}."
        yield Drawn(f"{found.kind} {of}", "png", png_bytes(figure), caption)
