"""Looking at results in a browser."""

from __future__ import annotations

from pathlib import Path

from femurfe.report.viewer import Viewer


def viewer(folder: str | Path, port: int = 0) -> Viewer:
    """A server of the 3-D scenes of results, for this machine alone; call its ``serve``.

    Parameters
    ----------
    folder : results of a run, or a folder of such.
    port : to listen on; a free one if 0.

    Raises
    ------
    UnreadableFile
        If the folder holds no results.
    FemurfeError
        If the port is taken.
    """
    return Viewer(Path(folder), port)
