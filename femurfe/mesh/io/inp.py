"""Abaqus and CalculiX decks: their mesh, read and written; nothing else of them.

Read are ``*NODE``, ``*ELEMENT`` of the types C3D4 and C3D10, ``*ELSET``, ``*NSET``, ``*SURFACE``
of elements, and of ``*SOLID SECTION`` which sets are sections. Surface and line elements are
known and left out. Decks that include other files, generate or move nodes, or assemble several
parts are refused, for their mesh would be another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.mesh.io.cards import Card, cards_of, table, words_of
from femurfe.mesh.io.guard import refuse
from femurfe.mesh.io.raw import Block, Raw

TYPES = {"C3D4": ("tetra", 4), "C3D10": ("tetra10", 10), "C3D10M": ("tetra10", 10), "C3D10T": ("tetra10", 10)}
TYPES |= {f"{shell}3": ("triangle", 3) for shell in ("S", "CPS", "CPE", "M3D", "R3D", "SFM3D", "STRI", "CAX")}
TYPES |= {f"{shell}6": ("triangle6", 6) for shell in ("S", "CPS", "CPE", "M3D", "SFM3D", "STRI6", "CAX")}
TYPES |= {"T3D2": ("line", 2), "B31": ("line", 2), "T3D3": ("line3", 3), "B32": ("line3", 3)}
_OTHER_MESH = {
    "INCLUDE", "SYSTEM", "NGEN", "NFILL", "NCOPY", "NMAP", "ELGEN", "ELCOPY", "PARAMETER", "IMPORT",
}  # fmt: skip
_SILENT = {"HEADING", "PREPRINT", "PART", "ENDPART", "ASSEMBLY", "ENDASSEMBLY", "INSTANCE", "ENDINSTANCE"}
_STAGES = {"NODE": 0, "ELEMENT": 0, "SURFACE": 2}
MARK = "** femurfe mesh:"
END = "** end of femurfe mesh"
FACET_OF_LABEL = np.array([0, 1, 3, 2])


class _Names:
    """Sets by name, whatever the case; every name as it was written first."""

    def __init__(self) -> None:
        self.first: dict[str, str] = {}
        self.parts: dict[str, list[Ints]] = {}

    def add(self, name: str, numbers: Ints) -> str:
        key = self.first.setdefault(name.upper(), name)
        self.parts.setdefault(key, []).append(numbers)
        return key

    def numbers(self, name: str) -> Ints | None:
        key = self.first.get(name.upper())
        return None if key is None else np.unique(np.concatenate(self.parts[key]))

    def all(self) -> dict[str, Ints]:
        return {name: np.unique(np.concatenate(parts)) for name, parts in self.parts.items()}


class _Deck:
    """A deck as far as it has been read; labels are the file's."""

    def __init__(self) -> None:
        self.node_labels: list[Ints] = []
        self.points: list[Floats] = []
        self.elements: list[tuple[str, Ints, Ints]] = []
        self.element_sets, self.node_sets = _Names(), _Names()
        self.sections: list[str] = []
        self.of_blocks: list[str] = []
        self.explicit: list[str] = []
        self.surfaces: dict[str, list[Ints]] = {}
        self.skipped: list[str] = []

    def take(self, card: Card) -> None:
        """Read one keyword."""
        reader = {
            "NODE": self._nodes, "ELEMENT": self._elements, "ELSET": self._elset, "NSET": self._nset,
            "SURFACE": self._surface, "SOLIDSECTION": self._section,
        }.get(card.word)  # fmt: skip
        if "INPUT" in card.options or card.word == "INCLUDE":
            refuse(f"{card} wants another file; files that include others are not read", "E-FILE-INCLUDE")
        if card.word in _OTHER_MESH:
            refuse(f"{card} is not understood, and the mesh would be another one without it", "E-FILE-INP")
        if reader:
            reader(card)
        elif card.word not in _SILENT:
            self.skipped.append(f"*{card.word}")

    def _nodes(self, card: Card) -> None:
        if card.options.get("SYSTEM", "R").upper() != "R":
            refuse(f"{card} has curved coordinates, which are not read", "E-FILE-INP")
        lines = [line.upper().replace("D", "E") for line in card.lines]
        rows = table(Card(card.word, card.options, lines, card.number), 4, np.float64)
        labels = rows[:, 0].astype(np.int64)
        if (labels != rows[:, 0]).any() or (labels < 1).any():
            refuse(f"{card} has node numbers that are not whole and positive", "E-FILE-INP")
        self.node_labels.append(labels)
        self.points.append(rows[:, 1:])
        if name := card.options.get("NSET"):
            self.node_sets.add(name, labels)

    def _elements(self, card: Card) -> None:
        kind = card.needed("TYPE").upper()
        if kind not in TYPES:
            refuse(f"{card} has elements of type {kind}; C3D4 and C3D10 are read", "E-FILE-ELEMENT")
        name, n = TYPES[kind]
        rows = table(card, n + 1, np.int64)
        self.elements.append((name, rows[:, 0], rows[:, 1:]))
        if elset := card.options.get("ELSET"):
            self.of_blocks.append(self.element_sets.add(elset, rows[:, 0]))

    def _elset(self, card: Card) -> None:
        known = np.concatenate([labels for _, labels, _ in self.elements] or [np.zeros(0, dtype=np.int64)])
        numbers = _members(card, self.element_sets, known)
        self.explicit.append(self.element_sets.add(card.needed("ELSET"), numbers))

    def _nset(self, card: Card) -> None:
        known = np.concatenate(self.node_labels or [np.zeros(0, dtype=np.int64)])
        if "ELSET" in card.options:
            self.skipped.append(f"*NSET of elements {card.options['ELSET']}")
            return
        self.node_sets.add(card.needed("NSET"), _members(card, self.node_sets, known))

    def _section(self, card: Card) -> None:
        self.sections.append(card.needed("ELSET"))

    def _surface(self, card: Card) -> None:
        name = card.needed("NAME")
        rows = [[part.strip().strip("\"'") for part in line.rstrip(", ").split(",")] for line in card.lines]
        if card.options.get("TYPE", "ELEMENT").upper() != "ELEMENT" or any(_is_shell(row) for row in rows):
            self.skipped.append(f"*SURFACE {name}")
            return
        facets = [self._facets(card, row) for row in rows]
        self.surfaces.setdefault(name, []).extend(facets)

    def _facets(self, card: Card, row: list[str]) -> Ints:
        """Rows of (element, facet) of one line, an element or set and its facet's label."""
        label = row[1].upper() if len(row) == 2 else "missing"
        if not re.fullmatch("S[1-4]", label):
            refuse(f"the facet of {row[0]} in {card} is {label}; S1 to S4 are read", "E-FILE-INP")
        numbers = self.element_sets.numbers(row[0])
        if numbers is None:
            numbers = np.array([_integer(row[0], card)])
        return np.stack([numbers, np.full(len(numbers), FACET_OF_LABEL[int(label[1]) - 1])], axis=1)


def _is_shell(row: list[str]) -> bool:
    return len(row) == 2 and re.fullmatch("SPOS|SNEG|E[1-4]|END[12]", row[1].upper()) is not None


def _members(card: Card, sets: _Names, known: Ints) -> Ints:
    """Labels of a set: numbers, names of earlier sets, or ranges."""
    if "GENERATE" in card.options:
        return _generated(card, known)
    words = words_of(card)
    named = [(word, sets.numbers(word)) for word in words if not word.isdecimal()]
    for word, numbers in named:
        if numbers is None:
            refuse(f"{card} names {word!r}, which is no earlier set", "E-FILE-INP")
    single = np.array([_integer(word, card) for word in words if word.isdecimal()], dtype=np.int64)
    missing = np.setdiff1d(single, known)
    if missing.size:
        refuse(f"{card} names {missing.size} numbers that do not exist, first {missing[0]}", "E-FILE-INP")
    return np.concatenate([single, *(numbers for _, numbers in named if numbers is not None)])


def _generated(card: Card, known: Ints) -> Ints:
    """The existing labels of ranges ``first, last, step``."""
    chosen = np.zeros(known.size, dtype=bool)
    for line in card.lines:
        words = line.rstrip(", ").split(",")
        first, last, step = (_integer(word, card) for word in (*words, "1")[:3])
        if step < 1:
            refuse(f"{card} counts in steps of {step}", "E-FILE-INP")
        chosen |= (known >= first) & (known <= last) & ((known - first) % step == 0)
    return known[chosen]


def _integer(word: str, card: Card) -> int:
    """A label; labels beyond 18 digits do not exist."""
    text = word.strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        refuse(f"{card} has {text[:40]!r} where a number is needed", "E-FILE-INP")
    return int(text)


def read_inp(path: Path) -> Raw:
    """The mesh of a deck; its labels become rows, its sets regions and surfaces.

    Raises
    ------
    UnreadableFile
        Naming the keyword and line.
    """
    deck = _Deck()
    data = path.read_bytes()
    cards = cards_of(data)
    _check_one_part(cards)
    for card in sorted(cards, key=lambda card: _STAGES.get(card.word, 1)):
        deck.take(card)
    if not deck.points or not deck.elements:
        refuse("a deck needs *NODE and *ELEMENT", "E-FILE-INP")
    _check_whole(data, deck)
    return _raw(deck)


def _check_whole(data: bytes, deck: _Deck) -> None:
    """Refuse a deck of ours that has lost something; it may have got more since."""
    stated = re.match(re.escape(MARK).encode() + rb" (\d+) nodes, (\d+) elements, (\d+) sets", data)
    n_nodes, n_elements = sum(map(len, deck.points)), sum(len(labels) for _, labels, _ in deck.elements)
    found = (n_nodes, n_elements, len(deck.explicit) + len(deck.surfaces))
    less = stated and any(n < int(m) for n, m in zip(found, stated.groups(), strict=True))
    if stated and (less or END.encode() not in data):
        refuse(f"{stated.group()[3:].decode()} were written, found {found}; is it cut short?", "E-FILE-INP")


def _check_one_part(cards: Iterable[Card]) -> None:
    instances = [card for card in cards if card.word == "INSTANCE"]
    parts = [card for card in cards if card.word == "PART"]
    if len(parts) > 1 or len(instances) > 1:
        refuse(
            f"{len(parts)} parts and {len(instances)} instances; one is read, write a flat deck", "E-FILE-INP"
        )
    moved = [card for card in instances if card.lines]
    if moved:
        refuse(f"{moved[0]} moves its part, which is not read; write a flat deck", "E-FILE-INP")


def _raw(deck: _Deck) -> Raw:
    nodes, labels = np.concatenate(deck.node_labels), np.concatenate([e[1] for e in deck.elements])
    _check_unique(nodes, "nodes")
    _check_unique(labels, "elements")
    blocks, start = [], 0
    for kind, own, points in deck.elements:
        blocks.append(Block(kind, np.arange(start, start + len(own)), _rows(points, nodes, "element nodes")))
        start += len(own)
    sets, point_sets = deck.element_sets.all(), deck.node_sets.all()
    return Raw(
        np.concatenate(deck.points),
        blocks,
        {name: _rows(own, labels, f"*ELSET {name}") for name, own in sets.items()},
        families=_families(deck),
        facets={name: _facet_rows(rows, labels, name) for name, rows in deck.surfaces.items()},
        point_sets={name: _rows(own, nodes, f"*NSET {name}") for name, own in point_sets.items()},
        notes=_notes(deck),
    )


def _families(deck: _Deck) -> list[tuple[str, ...]]:
    """What may be the regions: the sections, the sets of *ELSET, the sets of *ELEMENT."""
    spelled = deck.element_sets.first
    sections = dict.fromkeys(spelled.get(name.upper(), name) for name in deck.sections)
    return [tuple(sections), tuple(dict.fromkeys(deck.explicit)), tuple(dict.fromkeys(deck.of_blocks))]


def _facet_rows(parts: list[Ints], labels: Ints, name: str) -> Ints:
    rows = np.concatenate(parts) if parts else np.zeros((0, 2), dtype=np.int64)
    return np.stack([_rows(rows[:, 0], labels, f"*SURFACE {name}"), rows[:, 1]], axis=1)


def _notes(deck: _Deck) -> tuple[tuple[str, str], ...]:
    if not deck.skipped:
        return ()
    names = ", ".join(dict.fromkeys(deck.skipped))
    return (("W-FILE-SKIPPED", f"only the mesh is read; left out were {names}"),)


def _check_unique(labels: Ints, what: str) -> None:
    numbers, counts = np.unique(labels, return_counts=True)
    if (counts > 1).any():
        n, first = int((counts > 1).sum()), numbers[counts > 1][0]
        refuse(f"{n} numbers of {what} occur more than once, first {first}", "E-FILE-INP")


def _rows(wanted: Ints, labels: Ints, what: str) -> Ints:
    """Rows of ``labels`` where ``wanted`` stand.

    Raises
    ------
    UnreadableFile
        Naming the first number that does not exist.
    """
    order = np.argsort(labels)
    at = np.searchsorted(labels[order], wanted).clip(max=len(labels) - 1)
    rows = order[at]
    missing = labels[rows] != wanted
    if missing.any():
        refuse(f"{what}: {int(missing.sum())} numbers do not exist, first {wanted[missing][0]}", "E-FILE-INP")
    return np.asarray(rows)
