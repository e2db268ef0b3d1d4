"""Numbers and names as a reader wants them."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import Any

from femurfe.figures.style import unit_of, words

NOTHING = "–"
_ONE = ("share_inside", "share_of_bone", "share", "fill", "fraction", "stiffness_factor", "density_factor")


def shown(value: Any, digits: int = 4) -> str:
    """A value as text: numbers to so many digits, a dash for nothing.

    >>> shown(12329.4), shown(0.0514), shown(None), shown(True), shown(4.2e-9)
    ('12\u202f329', '0.0514', '–', 'yes', '4.2e-9')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)) or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return _grouped(str(value))
    if isinstance(value, float):
        return _number(value, digits)
    if isinstance(value, dict):
        return ", ".join(f"{key} {shown(part, 3)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(shown(part, digits) for part in value)
    return str(value)


def _number(value: float, digits: int) -> str:
    size = abs(value)
    if size >= 10.0**digits:
        return _grouped(f"{value:.0f}")
    if size != 0.0 and size < 1e-4:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.{digits}g}"


def _grouped(text: str) -> str:
    """Digits in threes, apart by a narrow space that does not break, from five digits on."""
    sign, number = ("-", text[1:]) if text.startswith("-") else ("", text)
    if len(number) < 5 or not number.isdigit():
        return text
    head = len(number) % 3 or 3
    return sign + "\u202f".join([number[:head], *(number[i : i + 3] for i in range(head, len(number), 3))])


def percent(value: float | None, digits: int = 3) -> str:
    """A share as percent."""
    return NOTHING if value is None or math.isnan(value) else f"{shown(100.0 * value, digits)}\u00a0%"


def label(name: str, unit: str = "") -> str:
    """A key as words with its unit in brackets; ``unit`` if it names none.

    >>> label("neck_diameter", "mm"), label("volume_ml"), label("share_inside", "mm")
    ('neck diameter (mm)', 'volume (ml)', 'share inside')
    """
    if unit and unit_of(name) == "-" and name not in _ONE:
        return f"{words(name)} ({unit})"
    return words(name)


def upper_first(text: str) -> str:
    """A text as the start of a sentence; units in it stay as they are."""
    return text[:1].upper() + text[1:]


def material_name(key: str) -> str:
    """The key of a material; of a file of the user's its name, not where it lies."""
    return PurePath(key).name if key.endswith(".toml") else key


def listed(names: list[str]) -> str:
    """Words in a sentence: a, b and c; names that have a comma themselves stand apart by semicolons.

    >>> listed(["a", "b", "c"]), listed(["a, bonded", "a, cohesive"])
    ('a, b and c', 'a, bonded; and a, cohesive')
    """
    comma, last = ("; ", "; and ") if any(", " in name for name in names) else (", ", " and ")
    return last.join(filter(None, [comma.join(names[:-1]), names[-1]])) if names else "none"
