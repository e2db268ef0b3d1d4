"""Reports: a folder of results as one page that works offline."""

from __future__ import annotations

from pathlib import Path

from femurfe.errors import UnreadableFile
from femurfe.mesh.io.atomic import write_whole
from femurfe.report.folder import read_folder
from femurfe.report.run import run_page
from femurfe.study.store import MARK

NAME = "report.html"


def write_report(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write the report of the results of a run; nothing is solved or meshed.

    Parameters
    ----------
    folder : that a run left.
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
    if not (place / MARK).is_file():
        message = f"{str(folder)!r} holds no results: it has no {MARK}"
        raise UnreadableFile(message, code="E-FILE-RESULTS")
    page = run_page(read_folder(place))
    path = Path(out) if out is not None else place / NAME
    write_whole(path, lambda draft: _write(draft, page))
    return path


def _write(draft: Path, page: str) -> None:
    draft.write_text(page, encoding="utf-8")
