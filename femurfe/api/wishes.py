"""The figures that a study file wishes: checked before anything is solved, drawn when all is."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

from femurfe.api.figures import write_figures
from femurfe.errors import FemurfeWarning, UnknownName
from femurfe.figures.kinds import RUN_KINDS, SWEEP_KINDS, check_kinds
from femurfe.figures.pictures import Sweep
from femurfe.study.results import results_of
from femurfe.study.run import Outcome
from femurfe.study.schema import FiguresTable, StudyFile
from femurfe.study.sweep.results import NUMBERS, SweepResults

USUAL = ("bars", "section", "views")


def check_wishes(study: StudyFile) -> None:
    """Refuse a ``[figures]`` that names what cannot be drawn of any run or sweep of a study.

    Raises
    ------
    UnknownName
        If there is no such kind of figure, outcome, or parameter of the sweep.
    MissingExtra
        If a kind needs a library that is not installed.
    """
    wishes, varied = study.figures or FiguresTable(), () if study.sweep is None else study.sweep.parameters
    check_kinds(wishes.kinds or (), swept=study.sweep is not None)
    for outcome in wishes.outcomes:
        if outcome not in NUMBERS:
            raise UnknownName("outcome", outcome, NUMBERS)
    for name in wishes.parameters:
        if name not in varied:
            raise UnknownName("parameter of the sweep", name, varied)


def draw_run(outcome: Outcome, folder: Path) -> None:
    """The figures that a study wishes of its run, the usual ones if it names none: those of broken arms too.

    What cannot be drawn is warned of and never costs the results; kinds of a sweep are passed over.
    """
    wishes = outcome.study.figures or FiguresTable()
    results = results_of(outcome.comparison, outcome.study.name, outcome.study.title)
    broken = outcome.study.failure == "ultimate"
    usual = (*USUAL, *(["curves"] if broken else ()), *(["combined"] if results.combined else ()))
    kinds = _of(RUN_KINDS, wishes.kinds or usual)
    chosen = wishes.model_copy(update={"kinds": kinds})
    _warn(write_figures(results, folder, chosen, strict=False).refused if kinds else ())


def draw_sweep(study: StudyFile, results: SweepResults) -> None:
    """The figures that a study wishes of its sweep, all that it allows if it names no kind.

    They are drawn once every case has ended, into ``figures`` in its folder. Kinds that are named
    and cannot be drawn are warned of; those of a run are passed over.
    """
    wishes = study.figures
    if wishes is None or results.n_left:
        return
    kinds = _of(SWEEP_KINDS, wishes.kinds or SWEEP_KINDS)
    chosen = wishes.model_copy(update={"kinds": kinds})
    for name in wishes.outcomes if kinds else ():
        source = Sweep(results, name, tuple(wishes.parameters))
        drawn = write_figures(source, results.folder / "figures", chosen, strict=False)
        _warn(drawn.refused if wishes.kinds else ())


def _of(known: Iterable[str], names: Iterable[str]) -> list[str]:
    return [name for name in names if name in known]


def _warn(refused: Iterable[str]) -> None:
    for text in refused:
        warnings.warn(FemurfeWarning("W-FIGURE", f"no figure {text}"), stacklevel=3)
