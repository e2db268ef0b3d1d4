"""Sweeps from Python: a study, what varies in it, its cases solved."""

from __future__ import annotations

import signal
from functools import cached_property
from pathlib import Path
from typing import Any

from femurfe.api.wishes import check_wishes, draw_sweep
from femurfe.study.read import find_study, parse_study, read_study
from femurfe.study.schema import StudyFile
from femurfe.study.sweep.design import Design, make_design
from femurfe.study.sweep.master import Tell
from femurfe.study.sweep.results import SweepResults
from femurfe.study.sweep.run import Swept, run_sweep
from femurfe.study.sweep.settings import Settings
from femurfe.study.sweep.status import Status, status


class Study:
    """A study file, and what is to vary in it.

    Parameters
    ----------
    study : path of a TOML file, or the name of a study that comes with the package.

    Examples
    --------
    >>> study = Study("femur_neck").vary("items.cement.fraction", low=0.5, high=1.0)
    >>> len(study.sample("sobol", 4, seed=1).design.rows)
    4
    """

    def __init__(self, study: str | Path) -> None:
        path = find_study(str(study))
        table = read_study(path)
        self._folder, self._tables = path.parent, table.model_dump(exclude_unset=True)
        self._sweep: dict[str, Any] = self._tables.pop("sweep", None) or {}

    def vary(self, key: str, **parameter: Any) -> Study:
        """The study with one key more to vary; what the file varies stays.

        Parameters
        ----------
        key : dotted, such as ``"items.lesion.volume_ml"``.
        parameter : ``values``, or a ``distribution`` and its numbers, as in a study file;
            ``low`` and ``high`` alone are a uniform distribution.
        """
        if set(parameter) <= {"low", "high", "also"}:
            parameter = {"distribution": "uniform", **parameter}
        out = object.__new__(Study)
        out._folder, out._tables = self._folder, self._tables
        out._sweep = {**self._sweep, "parameters": {**self._sweep.get("parameters", {}), key: parameter}}
        return out

    def sample(self, method: str | None = None, n: int | None = None, **options: Any) -> Sweep:
        """The sweep of a design; what is left out is as in the file.

        Parameters
        ----------
        method : ``"grid"``, ``"list"``, ``"latin_hypercube"``, ``"sobol"``, ``"morris"`` or
            ``"saltelli"``.
        n : cases, or trajectories of a Morris and base points of a Saltelli design.
        options : ``seed``, ``levels``, ``second_order``.

        Raises
        ------
        InvalidStudy
            If nothing varies, a distribution is none, or the method does not suit what varies.
        """
        sweep = {**self._sweep, **options}
        if method is not None:
            sweep = {**sweep, "method": method}
            sweep.pop("n", None)
        if n is not None:
            sweep["n"] = n
        sweep.setdefault("parameters", {})
        return Sweep(parse_study({**self._tables, "sweep": sweep}, self._tables["name"]), self._folder)


class Sweep:
    """A study and a design: cases that can be run.

    Parameters
    ----------
    study : with its ``[sweep]``; folder : of its file.
    """

    def __init__(self, study: StudyFile, folder: Path) -> None:
        self.study, self.folder = study, folder

    @cached_property
    def design(self) -> Design:
        """The values of the parameters in every case."""
        assert self.study.sweep is not None
        return make_design(self.study.sweep)

    def run(
        self, out: str | Path | None = None, *, progress: Tell | None = None, **settings: Any
    ) -> SweepResults:
        """Solve what is missing of the sweep, and read back what there is.

        A first interrupt lets running cases finish; then it is raised, and what was kept stays.
        When all cases have ended, the figures that the study's ``[figures]`` wishes are drawn.

        Parameters
        ----------
        out : the sweep's folder; ``results/<name>_sweep`` if left out.
        progress : called with a `Standing` whenever something moved.
        settings : ``jobs``, ``threads`` and the rest of `femurfe.study.sweep.settings.Settings`.

        Raises
        ------
        FemurfeError
            Whatever is wrong, in one sentence; failed cases do not raise, they are counted.
        """
        place = place_of(self.study, out)
        swept = _run(self.study, self.folder, place, Settings(**settings), progress)
        if swept.signal:
            signal.raise_signal(swept.signal)
        return swept.results


def sweep(
    study: str | Path, out: str | Path | None, settings: Settings, progress: Tell | None = None
) -> Swept:
    """Run the sweep of a study file; a signal ends it cleanly and is told.

    When all cases have ended, the figures that its ``[figures]`` wishes are drawn.

    Raises
    ------
    FemurfeError
        Whatever is wrong, in one sentence.
    """
    path = find_study(str(study))
    table = read_study(path)
    return _run(table, path.parent, place_of(table, out), settings, progress)


def _run(study: StudyFile, folder: Path, place: Path, settings: Settings, progress: Tell | None) -> Swept:
    """Solve what is missing; once all cases have ended, draw what the study wishes."""
    check_wishes(study)
    swept = run_sweep(study, folder, place, settings, progress)
    draw_sweep(study, swept.results)
    return swept


def sweep_status(study: str | Path, out: str | Path | None = None) -> Status:
    """How far the sweep of a study file is; its folder is only read.

    Raises
    ------
    UnreadableFile
        If there is no sweep yet.
    """
    return status(place_of(read_study(find_study(str(study))), out))


def read_sweep(folder: str | Path) -> SweepResults:
    """The results in the folder of a sweep, done or not.

    Raises
    ------
    UnreadableFile
        If the folder holds no sweep.
    """
    return SweepResults(folder)


def place_of(study: StudyFile, out: str | Path | None) -> Path:
    """The folder given, or ``results/<name>_sweep``."""
    return Path(out) if out is not None else Path("results") / f"{study.name}_sweep"
