"""Arrays on entry: checked, contiguous, native byte order, read-only."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.errors import FemurfeError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Index = npt.NDArray[np.signedinteger[Any]]
Mask = npt.NDArray[np.bool_]


def frozen(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A read-only, C-contiguous, native-order array of ``dtype``; copies only if it must.

    Raises
    ------
    FemurfeError
        If the values do not make a rectangular array of numbers, or would change in ``dtype``.
    """
    array = _as_array(values)
    wanted = np.dtype(dtype)
    if wanted.kind == "i" and array.dtype != wanted:
        _check_whole(array, wanted)
    if array.dtype == wanted and array.flags.c_contiguous and not array.flags.writeable:
        return array
    out = np.array(array, dtype=wanted, order="C", copy=True)
    out.flags.writeable = False
    return out


def _check_whole(array: npt.NDArray[Any], wanted: np.dtype[Any]) -> None:
    """Refuse numbers that an integer type cannot hold as they are."""
    limits = np.iinfo(wanted)
    with np.errstate(invalid="ignore"):
        fits = (array >= limits.min) & (array <= limits.max) & (array == np.floor(array))
    if not np.all(fits):
        first = array[~fits].flat[0]
        message = f"whole numbers that fit {wanted} are needed, got {first!r}"
        raise FemurfeError(message, code="E-ARRAY")


def _as_array(values: npt.ArrayLike) -> npt.NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        message = f"values do not form a rectangular array: {error}"
        raise FemurfeError(message, code="E-ARRAY") from error
    if array.dtype.kind not in "iufb":
        message = f"an array of numbers is needed, got values of type {array.dtype}"
        raise FemurfeError(message, code="E-ARRAY")
    return array


def point(values: npt.ArrayLike, name: str = "point") -> Floats:
    """A finite position or vector, shape (3,), in mm.

    Raises
    ------
    FemurfeError
        If there are not exactly three finite numbers.
    """
    array = _as_array(values)
    if array.shape != (3,) or not np.isfinite(array).all():
        message = f"{name} must be three finite numbers in mm, got {np.asarray(values).tolist()}"
        raise FemurfeError(message, code="E-POINT")
    return frozen(array, np.float64)


def direction(values: npt.ArrayLike, name: str = "direction") -> Floats:
    """A unit vector, shape (3,), along the given one.

    Raises
    ------
    FemurfeError
        If the vector is not finite or has no length.
    """
    vector = point(values, name)
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        message = f"{name} must have a length, got (0, 0, 0)"
        raise FemurfeError(message, code="E-DIRECTION")
    return frozen(vector / length, np.float64)


def positive(value: float, name: str, unit: str = "mm") -> float:
    """The value itself, if it is a finite number above zero.

    Raises
    ------
    FemurfeError
        Otherwise, with the name, the value and the unit.
    """
    number = np.asarray(value)
    if number.ndim or number.dtype.kind not in "iuf" or not np.isfinite(number) or number <= 0.0:
        message = f"{name} must be a positive number of {unit}, got {value!r}"
        raise FemurfeError(message, code="E-VALUE")
    return float(value)
