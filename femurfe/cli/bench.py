"""``femurfe bench``: problems from outside, solved and timed; cost, limits, peers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer

from femurfe.errors import FemurfeError

app = typer.Typer(
    help="Measure: solve outside problems, cost against size, the machine's limits, peers.",
    no_args_is_help=True,
)

THREADS = typer.Option(None, "--threads", "-t", min=1, help="Threads [default: all].")
ORDER = typer.Option(2, "--order", min=1, max=2, help="1 for tet4, 2 for tet10.")
METHOD = typer.Option("auto", "--method", help="auto, direct, multigrid, pardiso or petsc.")
REPEATS = typer.Option(3, "--repeats", "-r", min=1, help="Runs of each; medians are shown.")
JSON = typer.Option(False, "--json", help="Print one JSON object.")
Row = dict[str, Any]


@app.command("solve")
def solve(
    mesh: Path = typer.Option(..., "--mesh", help="A problem file (.npz)."),
    order: int = ORDER,
    threads: int = THREADS,
    method: str = METHOD,
    out: Path = typer.Option(None, "--out", "-o", help="Where to write the displacement: .npy, (k, n, 3)."),
    as_json: bool = JSON,
) -> None:
    """Solve the problem in a file and say how long each phase took."""
    from femurfe.bench.solve import save, solve_file
    from femurfe.fem.linear import SolverOptions

    done = solve_file(mesh, order=order, threads=threads, options=SolverOptions(method))  # type: ignore[arg-type]
    if out is not None:
        save(out, done.displacement)
    typer.echo(json.dumps(done.record) if as_json else _solved_text(done.record))


@app.command("scaling")
def scaling(
    problems: list[str] = typer.Argument(
        ..., help="Problem files, or numbers of unknowns such as 200k or 1.5M."
    ),
    order: int = ORDER,
    threads: int = THREADS,
    method: str = METHOD,
    repeats: int = REPEATS,
    generator: Path = typer.Option("benchmarks/make_mesh.py", help="What makes problems of a number."),
    out: Path = typer.Option(None, "--out", "-o", help="Where to write the results: .json."),
) -> None:
    """Solve problems of several sizes, each in fresh processes, and fit how the cost grows."""
    from femurfe.bench.record import document, write
    from femurfe.bench.scaling import exponent, measured, problem_file

    with TemporaryDirectory() as folder:
        paths = [problem_file(what, generator, Path(folder), _tell) for what in problems]
        rows = measured(paths, threads=threads, order=order, method=method, repeats=repeats, tell=_tell)
    typer.echo(_table(rows, SCALING))
    totals = [row["seconds"]["total"] for row in rows]
    try:
        power = exponent([row["n_dofs"] for row in rows], totals)
    except FemurfeError as error:
        typer.echo(f"no exponent: {error}", err=True)
        power = float("nan")
    else:
        typer.echo(f"seconds grow with the unknowns to the power of {power:.3f}")
    if out is not None:
        settings = {"order": order, "method": method, "repeats": repeats}
        write(out, {**document("scaling", settings, rows), "exponent": None if power != power else power})


@app.command("limits")
def limits(threads: int = THREADS, as_json: bool = JSON) -> None:
    """Measure the machine, and how near the product of ten-point cells comes to what limits it."""
    from femurfe.bench.limits import measure
    from femurfe.bench.operator import operator_speeds

    found = measure(threads)
    speeds = operator_speeds(found)
    if as_json:
        products = {name: asdict(speed) for name, speed in speeds.items()}
        typer.echo(json.dumps({**asdict(found), "products": products}))
        return
    typer.echo(f"threads    {found.threads}")
    typer.echo(f"triad      {found.triad:.1f} GB/s (a = b + s c on long arrays)")
    typer.echo(f"read       {found.read:.1f} GB/s (sum of a long array)")
    typer.echo(f"float32    {found.single:.1f} Gflop/s (products and sums in cache)")
    typer.echo(f"float64    {found.double:.1f} Gflop/s (products and sums in cache)")
    for name, speed in speeds.items():
        typer.echo(
            f"product    {speed.milliseconds:.2f} ms in {name}, two loads, {speed.n_dofs} unknowns: "
            f"{speed.gflops:.1f} Gflop/s, {100 * speed.share.share:.0f} % of the limit by "
            f"{speed.share.limit}, {100 * speed.share_in_cache:.0f} % of {speed.in_cache:.1f} Gflop/s "
            "on cells in cache"
        )


@app.command("peers")
def peers(
    problems: list[str] = typer.Argument(
        ..., help="Problem files, or numbers of unknowns such as 200k or 1.5M."
    ),
    peer: list[str] = typer.Option([], "--peer", "-p", help="Only this one; may be given again."),
    threads: int = typer.Option(2, "--threads", "-t", min=1, help="Threads or ranks of each."),
    order: int = ORDER,
    repeats: int = REPEATS,
    timeout: float = typer.Option(1800.0, min=1.0, help="Seconds for one run."),
    python: list[str] = typer.Option([], "--python", help="ENVIRONMENT=PATH of its interpreter."),
    folder: Path = typer.Option("benchmarks/peers", "--peers", help="Folder of peers.toml and scripts."),
    generator: Path = typer.Option("benchmarks/make_mesh.py", help="What makes problems of a number."),
    name: str = typer.Option("peers", "--name", help="Name of the results."),
    results: Path = typer.Option("benchmarks/results", help="Folder of the results."),
) -> None:
    """Run femurfe and other programs on the same problems, in turns, and compare."""
    from femurfe.bench.peers import Race, race, read_peers
    from femurfe.bench.record import document, write
    from femurfe.bench.scaling import problem_file
    from femurfe.figures.bench import cost_figure
    from femurfe.figures.style import save

    known = read_peers(folder, _pairs(python))
    chosen = _chosen(known, peer)
    absent = {entry.name: missing for entry in chosen if (missing := entry.missing())}
    ready = [entry for entry in chosen if entry.name not in absent]
    how = Race(threads, order, repeats, timeout)
    made = document("peers", {**asdict(how), "tolerance": 1e-8}, [])
    made["not_installed"] = {entry.name: entry.install for entry in chosen if entry.name in absent}
    with TemporaryDirectory() as scratch:
        for what in problems:
            path = problem_file(what, generator, Path(scratch), _tell)
            made["results"].append(race(path, ready, how, _tell))
            typer.echo(f"{made['results'][-1]['file']}, {made['results'][-1]['n_dofs']} unknowns")
            typer.echo(_table(made["results"][-1]["runs"], PEERS))
            write(results / f"{name}.json", made)
    for entry in chosen:
        if entry.name in absent:
            typer.echo(f"not installed: {entry.title} ({', '.join(absent[entry.name])}); {entry.install}")
    save(cost_figure(made["results"]), results / name)
    typer.echo(f"written to {results / name}.json", err=True)


def _chosen(known: dict[str, Any], asked: Sequence[str]) -> list[Any]:
    from femurfe.errors import UnknownName

    for name in asked:
        if name not in known:
            raise UnknownName("peer", name, known)
    return [entry for name, entry in known.items() if not asked or name in asked]


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    """``NAME=PATH`` texts as a table."""
    for text in texts:
        if "=" not in text:
            message = f"--python needs ENVIRONMENT=PATH, got {text!r}"
            raise typer.BadParameter(message)
    return dict(text.split("=", 1) for text in texts)


def _tell(line: str) -> None:
    typer.echo(line, err=True)


def _solved_text(record: Row) -> str:
    residuals = ", ".join(f"{value:.1e}" for value in record["residual"])
    lines = [
        f"unknowns   {record['n_dofs']}",
        f"method     {record['method']}, {record['threads']} thread(s)",
        f"iterations {_list(record['iterations'])}",
        f"residual   {residuals}",
        *(f"{phase.ljust(10)} {value:.3f} s" for phase, value in record["seconds"].items()),
        f"peak       {record['peak_mb']:.0f} MB",
    ]
    return "\n".join(lines)


def _list(values: Sequence[int] | None) -> str:
    return "" if values is None else ", ".join(map(str, values))


_PHASES = {
    f"{phase} s": (lambda row, phase=phase: f"{row['seconds'][phase]:.3g}")
    for phase in ("assembly", "setup", "solve", "total")
}
SCALING = {
    "file": lambda row: row["file"],
    "unknowns": lambda row: str(row["n_dofs"]),
    "iterations": lambda row: _list(row["iterations"]),
    **_PHASES,
    "us/unknown": lambda row: f"{1e6 * row['seconds']['total'] / row['n_dofs']:.2f}",
    "peak MB": lambda row: f"{row['peak_mb']:.0f}",
}
PEERS = {
    "program": lambda row: row["title"],
    "iterations": lambda row: _list(row["iterations"]),
    **_PHASES,
    "ratio": lambda row: f"{row['ratio']:.2f}",
    "peak MB": lambda row: f"{row['peak_mb']:.0f}",
    "memory": lambda row: f"{row['memory_ratio']:.2f}",
    "difference": lambda row: f"{row['difference']:.1e}",
}


def _table(rows: Sequence[Row], columns: dict[str, Any]) -> str:
    """Aligned text; a run that failed has its reason instead of numbers."""
    done = [row for row in rows if "failed" not in row]
    cells = [list(columns), *([show(row) for show in columns.values()] for row in done)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = [
        "  ".join(
            text.ljust(width) if i == 0 else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    ]
    lines += [f"{row['title']}: failed, {row['failed']}" for row in rows if "failed" in row]
    return "\n".join(lines)
