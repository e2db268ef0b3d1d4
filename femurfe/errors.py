"""What goes wrong, as types: one clear sentence each, with a stable code."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable


class FemurfeError(Exception):
    """Root of every error that femurfe raises on purpose.

    Parameters
    ----------
    message : what was wrong, the value, what is allowed.
    code : stable identifier such as ``E-MESH-INVERTED``; the class's own if left out.
    """

    code = "E-FEMURFE"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or type(self).code


class InvalidMesh(FemurfeError):
    """A mesh or surface breaks an invariant."""

    code = "E-MESH"


class InvalidShape(FemurfeError):
    """A solid has impossible dimensions or does not meet the bone."""

    code = "E-SHAPE"


class InvalidPart(FemurfeError):
    """A defect, cement body or screw cannot be placed as asked."""

    code = "E-PART"


class InvalidMaterial(FemurfeError):
    """A constant, density or law is outside what is allowed."""

    code = "E-MATERIAL"


class InvalidLoad(FemurfeError):
    """A support or load is contradictory, empty or leaves the bone free."""

    code = "E-LOAD"


class InvalidStudy(FemurfeError):
    """A study file breaks its schema."""

    code = "E-STUDY"


class InvalidData(FemurfeError):
    """Results of a sweep do not allow the analysis asked for."""

    code = "E-DATA"


class UnreadableFile(FemurfeError):
    """A file is missing, damaged, or of a kind that is not read."""

    code = "E-FILE"


class NotConverged(FemurfeError):
    """A solve missed its tolerance; no result is returned.

    Attributes
    ----------
    iterations : int
    residual : float
        Relative residual reached, recomputed in double precision.
    """

    code = "E-SOLVE-NOCONV"

    def __init__(self, message: str, *, iterations: int, residual: float) -> None:
        super().__init__(message)
        self.iterations, self.residual = iterations, residual


class Unbalanced(FemurfeError):
    """A solution does not balance its loads."""

    code = "E-SOLVE-UNBALANCED"


class TooLarge(FemurfeError):
    """A model needs more memory than the machine has."""

    code = "E-MEMORY"


class MissingExtra(FemurfeError):
    """An optional library is needed and not installed."""

    code = "E-EXTRA"


class UnknownName(FemurfeError):
    """A name is not among the known ones; the nearest is suggested.

    Parameters
    ----------
    kind : what was looked for, such as ``"surface"``.
    name : the name given.
    known : the names allowed.
    """

    code = "E-NAME"

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = [known for known in names if known.lower() == str(name).lower()]
        near = near or difflib.get_close_matches(str(name), names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        allowed = ", ".join(names) if names else "none"
        super().__init__(f"unknown {kind} {name!r}{hint} (known: {allowed})")
        self.name, self.known = name, names


class FemurfeWarning(UserWarning):
    """Something a reader of the result must know; carries a stable code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}"


def warn(code: str, message: str, stacklevel: int = 3) -> None:
    """Issue a `FemurfeWarning` with a stable ``code`` such as ``W-MESH-SLIVER``."""
    warnings.warn(FemurfeWarning(code, message), stacklevel=stacklevel)
