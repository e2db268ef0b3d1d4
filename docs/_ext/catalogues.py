"""Directives that list what the package holds: keys of study files, load cases, bones, materials."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

SITES = ("femur", "hemipelvis", "sacrum", "vertebra", "block")


def table(header: Iterable[str], rows: Iterable[Iterable[Any]], widths: str = "auto") -> Iterator[str]:
    """A list table as lines of markup."""
    yield from (".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", "")
    for row in (header, *rows):
        for i, cell in enumerate(row):
            yield f"   {'* -' if i == 0 else '  -'} {cell}"
    yield ""


def title(text: str, mark: str = "=") -> list[str]:
    """A title as lines of markup."""
    return [text, mark * len(text), ""]


def escaped(text: Any) -> str:
    """Text whose stars, bars, ticks and underscores mean nothing to the markup."""
    out = str(text)
    for sign in ("\\", "*", "|", "`", "_"):
        out = out.replace(sign, "\\" + sign)
    return " ".join(out.split())


WORDS = {float: "number", int: "whole number", str: "text", bool: "true or false", Any: "anything"}


def kind(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """A type of the schema in words."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind(parts[0], parts[1:])
    if origin is Literal:
        return ", ".join(f'``"{a}"``' if isinstance(a, str) else f"``{a}``" for a in parts)
    if type(None) in parts:
        return " or ".join(kind(part) for part in parts if part is not type(None))
    if origin is list:
        length = "three" if _limits(metadata, ("min_length", "max_length")) == [3, 3] else "a list of"
        word, comma, rest = kind(parts[0]).partition(",")
        plural = {"text": "names", "anything": "values"}.get(word, f"{word}s")
        return f"{length} {plural}{comma}{rest}"
    return WORDS.get(annotation, "table") + _bounds(metadata)


def _limits(metadata: Iterable[Any], names: Iterable[str]) -> list[Any]:
    """What the limits of a type are, None where it has none; pydantic nests them in its own fields."""
    flat = [m for item in metadata for m in (getattr(item, "metadata", None) or [item])]
    return [
        next((getattr(m, name) for m in flat if getattr(m, name, None) is not None), None) for name in names
    ]


def _bounds(metadata: Iterable[Any]) -> str:
    said = zip(
        ("above", "at least", "below", "at most"), _limits(metadata, ("gt", "ge", "lt", "le")), strict=True
    )
    return "".join(f", {word} {limit:g}" for word, limit in said if limit is not None)


def study_tables() -> Iterator[str]:
    """Every table of a study file with its keys, kinds and defaults."""
    from femurfe.study import schema, schema_model

    m = schema_model
    tables = {
        "top level": schema.StudyFile, "[anatomy]": m.Anatomy, "[mesh]": m.MeshTable,
        "[materials]": m.MaterialsTable, "[items.NAME] with kind = \"defect\"": m.DefectTable,
        "[[items.NAME.lobes]]": m.LobeTable, "[items.NAME] with kind = \"cement\"": m.CementTable,
        "[items.NAME.bolus]": m.BolusTable, "[items.NAME] with kind = \"screw\"": m.ScrewTable,
        "[interfaces.NAME]": m.InterfaceTable, "[solver]": schema.SolverTable,
        "[averaging]": schema.AveragingTable, "[ultimate]": schema.UltimateTable,
        "[sweep]": schema.SweepTable, "[sweep.parameters.\"KEY\"]": schema.ParameterTable,
    }  # fmt: skip
    for name, model in tables.items():
        yield from title(name)
        yield from ((model.__doc__ or "").strip().splitlines())
        yield ""
        yield from table(
            ("key", "takes", "if left out"), (_field(k, f) for k, f in model.model_fields.items())
        )


def _field(key: str, field: Any) -> tuple[str, str, str]:
    default = "needed" if field.is_required() else _default(field)
    return f"``{key}``", kind(field.annotation, field.metadata), default


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value == {} or value == [] or value == "":
        return "none"
    if hasattr(value, "model_fields"):
        return "its defaults"
    return (
        f"``{value:.6g}``"
        if isinstance(value, float)
        else f"``{str(value).lower() if isinstance(value, bool) else value}``"
    )


def load_cases() -> Iterator[str]:
    """The load library, site by site: what each case is, its options, its source."""
    from femurfe.loads.library.build import _library

    for site in SITES:
        yield from title(f"Loads of the {site}")
        for name, entry in _library(site).items():
            if name == "axes":
                continue
            yield from title(name, "-")
            yield from (escaped(entry["description"]), "")
            yield from table(
                ("option", "value", "range"), (_option(k, o) for k, o in entry["options"].items())
            )
            yield from (f"Source: {escaped(entry['source'])} ({entry['confidence']}).", "")


def _option(key: str, option: dict[str, Any]) -> tuple[str, str, str]:
    unit = option.get("unit", "")
    unit = "" if unit == "1" else " " + unit
    value = option.get("value")
    shown = "none" if value is None else str(value).lower() if isinstance(value, bool) else f"{value}{unit}"
    allowed = option.get("range") or option.get("choices") or [False, True]
    dash = " to " if "range" in option else ", "
    return (
        f"``{key}``",
        shown,
        dash.join(str(a).lower() if isinstance(a, bool) else str(a) for a in allowed)
        + (unit if "range" in option else ""),
    )


def bones() -> Iterator[str]:
    """What each bone offers: landmarks, axes, surfaces, compartments, dimensions."""
    import femurfe as ff

    made = {
        "ProximalFemur, Femur, ScannedFemur": ff.Femur(), "Hemipelvis": ff.Hemipelvis(),
        "Sacrum": ff.Sacrum(), "Vertebra, ScannedVertebra": ff.Vertebra(), "Block": ff.Block(),
    }  # fmt: skip
    for name, bone in made.items():
        yield from title(name)
        rows = [
            ("landmarks", _names(bone.landmarks)), ("axes", _names(bone.axes)),
            ("surfaces", _names(["outer", *bone.form.patches])),
            ("compartments", _names(["bone", *bone.form.compartments])),
        ]  # fmt: skip
        yield from table(("names of", "are"), rows)
        sizes = (
            (f"``{key}``", f"{value:.1f} {'deg' if key.endswith('_deg') else 'mm'}")
            for key, value in bone.dimensions.items()
        )
        yield from table(("dimension", "of the default bone"), sizes)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"``{name}``" for name in names)


def material_entries() -> Iterator[str]:
    """Every entry of the material library with values, ranges and sources."""
    from femurfe.materials import describe, entry, keys, kind_of

    header = ("quantity", "value", "range", "sure?", "source")
    for folder in sorted({key.partition("/")[0] for key in keys()}):
        yield from title(folder)
        for key in (k for k in keys() if k.startswith(folder + "/")):
            found = entry(key)
            yield from title(key, "-")
            yield from (f"{escaped(found.title)} ({kind_of(found)}). {escaped(found.notes)}", "")
            rows = (
                (f"``{q}``", f"{escaped(v)} {u if u != '1' else ''}", r, c, escaped(s))
                for q, v, u, r, c, s in describe(found)
            )
            yield from table(header, rows)


def other_names() -> Iterator[str]:
    """The names of ``femurfe`` that no page of the API written by hand has."""
    import inspect

    import femurfe

    pages = Path(__file__).resolve().parents[1] / "reference" / "api"
    written = "\n".join(page.read_text(encoding="utf-8") for page in pages.glob("*.rst"))
    known = {*re.findall(r":: (?:[\w.]*\.)?(\w+)$", written, re.MULTILINE), "FemurfeError", "FemurfeWarning"}
    left = [name for name in femurfe.__all__ if name not in known and name != "__version__"]
    yield from () if left else ("All names stand on the other pages.", "")
    for name in left:
        kind_of = "autoclass" if inspect.isclass(getattr(femurfe, name)) else "autofunction"
        yield from (
            f".. {kind_of}:: femurfe.{name}",
            *(["   :members:"] if kind_of == "autoclass" else []),
            "",
        )


CATALOGUES = {
    "femurfe-other-names": other_names,
    "femurfe-study-keys": study_tables,
    "femurfe-load-cases": load_cases,
    "femurfe-bones": bones,
    "femurfe-materials": material_entries,
}


class Catalogue(SphinxDirective):
    """Writes what the function of its name gives as if it stood in the page."""

    def run(self) -> list[nodes.Node]:
        """Parse the lines of the catalogue."""
        root = nodes.section()
        root.document = self.state.document
        lines = StringList(list(CATALOGUES[self.name]()), self.name)
        nested_parse_with_titles(self.state, lines, root)
        return root.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the directives of ``CATALOGUES``."""
    for name in CATALOGUES:
        app.add_directive(name, Catalogue)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
