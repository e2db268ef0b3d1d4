"""Comparing arms in Python, with the table and the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from femurfe.anatomy import Bone
from femurfe.figures.kinds import RUN_KINDS, draw
from femurfe.figures.style import Drawing, Width
from femurfe.loads import LoadCase
from femurfe.study import compare as study_compare
from femurfe.study.arms import Arms
from femurfe.study.results import results_of
from femurfe.study.table import csv_text, text_table

FIGURES = tuple(RUN_KINDS)


class Comparison(study_compare.Comparison):
    """Arms of one case under the same loads on the same mesh, with their table and figures."""

    __slots__ = ()

    def table(self) -> str:
        """The main numbers as text: stiffness, risk, failure load, first part to fail."""
        return text_table(self.rows())

    def csv(self) -> str:
        """All columns of the table as CSV, units in their names."""
        return csv_text(self.rows())

    def figure(self, kind: str = "bars", width: Width = "double") -> Any:
        """A matplotlib figure: the first of its kind.

        Parameters
        ----------
        kind : such as ``"bars"``, ``"section"`` or ``"risk_map"``; ``femurfe figures --kinds``
            lists them.
        width : ``"single"`` or ``"double"`` column of a journal.

        Raises
        ------
        UnknownName, InvalidData, MissingExtra
            As of `femurfe.figures.draw`.
        """
        return figure(self, kind, width)

    def figures(self, kind: str = "bars", width: Width = "double") -> list[Drawing]:
        """All figures of a kind, such as one per load case, with their names."""
        return draw(results_of(self), kind, width)


def figure(comparison: study_compare.Comparison, kind: str, width: Width = "double") -> Any:
    """A figure of a comparison; see `Comparison.figure`."""
    return draw(results_of(comparison), kind, width)[0].figure


def compare(bone: Bone, arms: Arms, loads: Sequence[LoadCase], **settings: Any) -> Comparison:
    """Solve every arm under every load on one mesh and judge it.

    Parameters
    ----------
    bone : the anatomy.
    arms : items by arm, in the order they are applied; an empty list is the intact bone.
    loads : load cases, from ``bone.load_case`` or made by hand.
    settings : ``size`` (mm), ``order``, ``fit``, ``materials``, ``threads`` and the rest of
        `femurfe.study.compare.compare`.

    Raises
    ------
    FemurfeError
        Whatever is wrong, in one sentence.
    """
    found = study_compare.compare(bone, arms, loads, **settings)
    return Comparison(**{field.name: getattr(found, field.name) for field in fields(found)})
