"""The text of Abaqus and CalculiX decks: keyword lines with options, and the lines below them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.mesh.io.guard import refuse


@dataclass(frozen=True, slots=True)
class Card:
    """One keyword and its data.

    Attributes
    ----------
    word : in capitals, without star and blanks, as ``SOLIDSECTION``.
    options : values by name in capitals; empty for options without a value.
    lines : the data lines, stripped, without comments.
    number : the keyword's line in the file, from 1.
    """

    word: str
    options: Mapping[str, str]
    lines: list[str]
    number: int

    def __str__(self) -> str:
        return f"*{self.word} in line {self.number}"

    def needed(self, option: str) -> str:
        """The value of an option.

        Raises
        ------
        UnreadableFile
            If it is not given.
        """
        return self.options.get(option) or refuse(f"{self} has no {option}", "E-FILE-INP")


def cards_of(data: bytes) -> list[Card]:
    """The keywords of a deck in their order; names keep their case.

    Raises
    ------
    UnreadableFile
        If there are zero bytes, or data before the first keyword.
    """
    if b"\0" in data:
        refuse("a text is needed, it has zero bytes (is it UTF-16?)", "E-FILE-INP")
    cards: list[Card] = []
    open_keyword = ""
    for number, line in enumerate(_decoded(data).splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("**"):
            continue
        if open_keyword or text.startswith("*"):
            open_keyword += text
            if not text.endswith(","):
                cards.append(_card(open_keyword, number))
                open_keyword = ""
        elif cards:
            cards[-1].lines.append(text)
        else:
            refuse(f"line {number} comes before the first keyword: {text[:60]!r}", "E-FILE-INP")
    return cards


def _decoded(data: bytes) -> str:
    text = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _card(text: str, number: int) -> Card:
    word, *rest = text.split(",")
    options = {}
    for part in rest:
        name, _, value = part.partition("=")
        if name.strip():
            options[name.strip().upper()] = value.strip().strip("\"'")
    return Card("".join(word[1:].split()).upper(), options, [], number)


def table(card: Card, columns: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """The data of a card in rows (n, columns); a row goes on after a line that ends in a comma.

    Raises
    ------
    UnreadableFile
        Naming the first line whose row is too short or too long, or that holds no numbers.
    """
    if not card.lines:
        return np.zeros((0, columns), dtype=dtype)
    goes_on = np.array([line.endswith(",") for line in card.lines])
    lines = [line.rstrip(", \t") for line in card.lines]
    ends = np.cumsum([line.count(",") + 1 for line in lines])
    wrong = np.flatnonzero(~goes_on & (ends % columns != 0))
    if wrong.size or ends[-1] % columns:
        line = card.lines[int(wrong[0]) if wrong.size else -1]
        refuse(f"{card} needs rows of {columns} numbers; wrong is {line[:60]!r}", "E-FILE-INP")
    try:
        return np.fromstring(",".join(lines), dtype, sep=",").reshape(-1, columns)
    except (ValueError, DeprecationWarning):
        refuse(f"{card} holds something that is not {columns} numbers in a row", "E-FILE-INP")


def words_of(card: Card) -> list[str]:
    """The data of a card as single words."""
    return [word for line in card.lines for part in line.split(",") if (word := part.strip().strip("\"'"))]
