"""Running study files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from femurfe.api.wishes import check_wishes, draw_run
from femurfe.errors import UnknownName
from femurfe.mesh.io import write_mesh
from femurfe.result import save_result
from femurfe.study.compare import Comparison, Progress
from femurfe.study.fields import fields
from femurfe.study.read import find_study, read_study
from femurfe.study.run import Outcome, run_study
from femurfe.study.schema import StudyFile
from femurfe.study.store import new_folder, write_outcome

ENDINGS = (".npz", ".vtu")


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
    check_wishes(table)
    with new_folder(place) as folder:
        outcome = run_study(table, path.parent, threads=threads, progress=progress)
        if progress is not None:
            progress("write", 0, 1, str(place))
        write_outcome(outcome, folder)
        draw_run(outcome, folder / "figures")
        if progress is not None:
            progress("write", 1, 1, str(place))
    return Run(outcome, place)


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
