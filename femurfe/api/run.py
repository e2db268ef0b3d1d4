"""Running study files."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from femurfe.api.figures import write_figures
from femurfe.errors import FemurfeWarning, UnknownName
from femurfe.figures.kinds import check_run_kinds
from femurfe.mesh.io import write_mesh
from femurfe.result import save_result
from femurfe.study.compare import Comparison, Progress
from femurfe.study.fields import fields
from femurfe.study.read import find_study, read_study
from femurfe.study.results import results_of
from femurfe.study.run import Outcome, run_study
from femurfe.study.schema import FiguresTable, StudyFile
from femurfe.study.store import new_folder, write_outcome

ENDINGS = (".npz", ".vtu")
USUAL = ("bars", "section", "views")


@dataclass(frozen=True, slots=True)
class Run:
    """A study that was run and written: its outcome and the folder of its results."""

    outcome: Outcome
    folder: Path


def run(
    study: str | Path,
    out: str | Path | None = None,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run a study file and leave a results folder.

    Parameters
    ----------
    study : path of a TOML file, or the name of a study that comes with the package.
    out : the results folder; ``results/<name>`` if left out. An earlier one is replaced whole.
    threads : all if left out; progress : called with (stage, done, total, detail).

    Raises
    ------
    FemurfeError
        Whatever is wrong, in one sentence; no folder is left half-written.
    """
    path = find_study(str(study))
    table = read_study(path)
    place = Path(out) if out is not None else Path("results") / table.name
    wishes = table.figures or FiguresTable()
    check_run_kinds(wishes.kinds or ())
    with new_folder(place) as folder:
        outcome = run_study(table, path.parent, threads=threads, progress=progress)
        if progress is not None:
            progress("write", 0, 1, str(place))
        write_outcome(outcome, folder)
        _draw(outcome, folder / "figures", wishes)
        if progress is not None:
            progress("write", 1, 1, str(place))
    return Run(outcome, place)


def _draw(outcome: Outcome, folder: Path, wishes: FiguresTable) -> None:
    """The figures a study wishes, or the usual ones; what cannot be drawn never costs the results."""
    chosen = wishes.model_copy(update={"kinds": wishes.kinds or list(USUAL)})
    results = results_of(outcome.comparison, outcome.study.name, outcome.study.title)
    for text in write_figures(results, folder, chosen, strict=False).refused:
        warnings.warn(FemurfeWarning("W-FIGURE", f"no figure {text}"), stacklevel=2)


def solve_one(
    study: str | Path,
    arm: str | None = None,
    load: str | None = None,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Solve one arm of a study under one load case; the first of each if not named.

    Raises
    ------
    UnknownName
        If the study has no such arm or load case.
    FemurfeError
        Whatever else is wrong.
    """
    path = find_study(str(study))
    table = read_study(path)
    one = replace_tables(table, arm or next(iter(table.arms)), load or next(iter(table.loads)))
    return run_study(one, path.parent, threads=threads, progress=progress).comparison


def replace_tables(table: StudyFile, arm: str, load: str) -> StudyFile:
    """The study with one arm and one load case."""
    if arm not in table.arms:
        raise UnknownName("arm", arm, table.arms)
    if load not in table.loads:
        raise UnknownName("load case", load, table.loads)
    mesh = table.mesh.model_copy(update={"compare_fits": False})
    update = {"arms": {arm: table.arms[arm]}, "loads": {load: table.loads[load]}, "mesh": mesh}
    return table.model_copy(update=update)


def check_ending(path: Path) -> None:
    """Refuse a file that `write_solved` could not write.

    Raises
    ------
    UnknownName
        If the ending is none of ``ENDINGS``.
    """
    if path.suffix not in ENDINGS:
        raise UnknownName("file ending", path.suffix, ENDINGS)


def write_solved(comparison: Comparison, path: Path) -> None:
    """Write the one result of a comparison: ``.npz`` exact, ``.vtu`` for viewers.

    Raises
    ------
    UnknownName
        If the ending is neither.
    """
    check_ending(path)
    solved = next(iter(comparison.solved.values()))
    if path.suffix == ".npz":
        save_result(solved.result, path)
        return
    arm = comparison.arms[solved.arm]
    points, cells = fields(arm, solved)
    write_mesh(path, arm.mesh, point_data=points, cell_data=cells)
