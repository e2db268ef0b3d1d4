"""Figures of results: drawn from what a run, a sweep or a benchmark left, solving nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from femurfe.errors import FemurfeError, InvalidData, InvalidStudy, MissingExtra, UnknownName
from femurfe.figures.kinds import Source, draw, kind_of, kinds_of, read_source
from femurfe.figures.pictures import Sweep
from femurfe.figures.style import FORMATS, save, width_mm
from femurfe.study.fields import file_name
from femurfe.study.read import read_study
from femurfe.study.schema import FiguresTable
from femurfe.study.table import csv_text


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures that were written.

    Attributes
    ----------
    folder : of them; files : written, CSV included.
    refused : what the results do not allow and why, in sentences.
    """

    folder: Path
    files: tuple[Path, ...]
    refused: tuple[str, ...]


def figures(
    results: str | Path,
    kinds: Sequence[str] | None = None,
    *,
    out: str | Path | None = None,
    width: str | None = None,
    formats: Sequence[str] | None = None,
    outcomes: Sequence[str] | None = None,
    parameters: Sequence[str] | None = None,
) -> Figures:
    """Draw figures of results, with the numbers behind each as CSV.

    All but the kinds is as in the ``[figures]`` of the study that was run, if left out. Files of
    the same name are replaced, others stay.

    Parameters
    ----------
    results : folder of a run or a sweep, or JSON of ``femurfe bench``.
    kinds : all that the results allow without an extra, if left out.
    out : ``figures`` in the results folder, or beside the file, if left out.
    width : ``"single"`` or ``"double"`` column; formats : of ``"pdf"``, ``"svg"``, ``"png"``.
    outcomes, parameters : of the figures of a sweep.

    Raises
    ------
    FemurfeError
        If a name is not known, a kind that is named cannot be drawn, or none can.
    """
    place = Path(results)
    asked: dict[str, Any] = {
        "kinds": kinds, "width": width, "formats": formats, "outcomes": outcomes, "parameters": parameters,
    }  # fmt: skip
    wishes = _wishes(place).model_copy(update={"kinds": None} | {k: v for k, v in asked.items() if v})
    source = read_source(place, wishes.outcomes[0], wishes.parameters)
    folder = Path(out) if out is not None else (place if place.is_dir() else place.parent) / "figures"
    done = [write_figures(one, folder, wishes, strict=bool(kinds)) for one in _of_outcomes(source, wishes)]
    files = tuple(file for one in done for file in one.files)
    refused = tuple(dict.fromkeys(text for one in done for text in one.refused))
    if not files:
        raise InvalidData("; ".join(refused), code="E-DATA-EMPTY")
    return Figures(folder, files, refused)


def _of_outcomes(source: Source, wishes: FiguresTable) -> Iterator[Source]:
    """The results; of a sweep once per outcome."""
    if isinstance(source, Sweep):
        yield from (Sweep(source.results, name, tuple(wishes.parameters)) for name in wishes.outcomes)
    else:
        yield source


def _wishes(place: Path) -> FiguresTable:
    """The ``[figures]`` of the study beside results, or what holds without."""
    try:
        found = read_study(place / "study.toml").figures
    except FemurfeError:
        found = None
    return found or FiguresTable()


def write_figures(source: Source, folder: Path, wishes: FiguresTable, *, strict: bool) -> Figures:
    """Write the figures of one source, each whole or not at all.

    Parameters
    ----------
    wishes : kinds, all the usual ones if there are none; width and formats.
    strict : a kind that cannot be drawn raises, else it is told of.
    """
    names = wishes.kinds or [name for name, kind in kinds_of(source).items() if kind.usual]
    _check(source, names, wishes)
    files: list[Path] = []
    refused: list[str] = []
    taken: set[str] = set()
    for name in names:
        try:
            files += _write_kind(source, name, folder, wishes, taken)
        except (InvalidData, InvalidStudy, MissingExtra) as error:
            if strict:
                raise
            refused.append(f"{name}: {error}")
    return Figures(folder, tuple(files), tuple(refused))


def _check(source: Source, names: Sequence[str], wishes: FiguresTable) -> None:
    for name in names:
        kind_of(source, name)
    width_mm(wishes.width)
    for form in wishes.formats:
        if form not in FORMATS:
            raise UnknownName("format of figures", form, FORMATS)


def _write_kind(source: Source, name: str, folder: Path, wishes: FiguresTable, taken: set[str]) -> list[Path]:
    """Draw a kind into a draft, then move what came of it to its place."""
    drawings = draw(source, name, wishes.width)
    rows = kind_of(source, name).rows(source)
    table = f"{name}_{source.outcome}" if isinstance(source, Sweep) else name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=folder) as draft:
            for drawing in drawings:
                save(drawing.figure, Path(draft) / file_name((drawing.name,), taken), wishes.formats)
            (Path(draft) / f"{table}.csv").write_text(csv_text(rows), encoding="utf-8")
            written = sorted(Path(draft).iterdir())
            for path in written:
                path.replace(folder / path.name)
    except OSError as error:
        message = f"figures cannot be written to {str(folder)!r}: {error.strerror}"
        raise FemurfeError(message, code="E-RESULTS-WRITE") from error
    return [folder / path.name for path in written]
