"""Comparing arms in Python, with the table and the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from femurfe.anatomy import Bone
from femurfe.errors import UnknownName
from femurfe.figures import arm_bars, section_figure, view_figure
from femurfe.loads import LoadCase
from femurfe.study import compare as study_compare
from femurfe.study.arms import Arms
from femurfe.study.table import csv_text, text_table

FIGURES = ("bars", "section", "views", "stiffness", "risk", "failure")


class Comparison(study_compare.Comparison):
    """Arms of one case under the same loads on the same mesh, with their table and figures."""

    __slots__ = ()

    def table(self) -> str:
        """The main numbers as text: stiffness, risk, failure load, first part to fail."""
        return text_table(self.rows())

    def csv(self) -> str:
        """All columns of the table as CSV, units in their names."""
        return csv_text(self.rows())

    def figure(self, kind: str = "bars") -> Any:
        """A matplotlib figure.

        Parameters
        ----------
        kind : ``"bars"`` (stiffness, risk and failure load), ``"stiffness"``, ``"risk"``,
            ``"failure"``, ``"section"`` (cuts) or ``"views"`` (the bone from outside).

        Raises
        ------
        UnknownName
            If the kind is none of these.
        """
        return figure(self, kind)


def figure(comparison: study_compare.Comparison, kind: str) -> Any:
    """A figure of a comparison; see `Comparison.figure`."""
    if kind not in FIGURES:
        raise UnknownName("figure", kind, FIGURES)
    if kind == "bars":
        return arm_bars(comparison)
    if kind == "section":
        return section_figure(comparison)
    return view_figure(comparison) if kind == "views" else arm_bars(comparison, (kind,))


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
