"""Progress on the terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

STAGES = {"mesh": "meshing", "solve": "solving", "load": "loading", "write": "writing"}


@contextmanager
def shown(quiet: bool) -> Iterator[Callable[[str, int, int, str], None]]:
    """A progress bar on standard error, lines where that is no terminal, nothing if quiet."""
    from rich.console import Console

    console = Console(stderr=True, quiet=quiet)
    if quiet or not console.is_terminal:
        yield _lines(console)
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with Progress(*columns, console=console) as bar:
        tasks = {
            stage: bar.add_task(name, total=None, detail="", visible=False) for stage, name in STAGES.items()
        }

        def tell(stage: str, done: int, total: int, detail: str) -> None:
            bar.update(tasks[stage], completed=done, total=total, detail=detail, visible=True)

        yield tell


def _lines(console: object) -> Callable[[str, int, int, str], None]:
    """One line whenever a stage moves on, and for every step of a load path."""
    last: list[tuple[str, int]] = []

    def tell(stage: str, done: int, total: int, detail: str) -> None:
        if stage == "load" or (stage, done) not in last:
            last.append((stage, done))
            console.print(f"{STAGES[stage]} {done}/{total} {detail}", highlight=False, soft_wrap=True)  # type: ignore[attr-defined]

    return tell
