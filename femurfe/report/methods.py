"""The methods paragraph of a run, from what its folder holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from femurfe.report.folder import Folder
from femurfe.report.words import NOTHING, label, listed, material_name, shown

_CELLS = {
    "tet4": "four-node tetrahedra",
    "tet10": "ten-node tetrahedra",
    "hex8": "cubes (eight-node hexahedra)",
}
_SHAPE_MODEL = ("femur", "proximal_femur", "hemipelvis", "sacrum")
_KINDS = {
    "femur": "femur", "proximal_femur": "proximal femur", "hemipelvis": "hemipelvis", "sacrum": "sacrum",
    "vertebra": "vertebra", "scanned_femur": "femur from a closed surface",
    "scanned_vertebra": "vertebra from a closed surface", "block": "block of trabecular bone",
}  # fmt: skip


_PLAIN = {
    "name", "title", "anatomy", "mesh", "materials", "items", "arms", "loads", "solver", "averaging",
    "figures", "sweep", "failure", "ultimate", "interfaces", "ladder",
}  # fmt: skip


def is_known(folder: Folder) -> bool:
    """Whether the study asks for nothing that this report does not know."""
    return set(folder.study) <= _PLAIN


def is_bonded(folder: Folder) -> bool:
    """Whether parts stay together, for all that this report knows."""
    return is_known(folder) and not opened(folder)


def opened(folder: Folder) -> dict[str, str]:
    """Interfaces that are not bonded, and their kind, or the kinds of the ladder that they were run on."""
    tables = folder.study.get("interfaces", {})
    if folder.study.get("ladder"):
        return dict.fromkeys(tables, f"in turn {listed(folder.study['ladder'])}")
    kinds = {name: str(table.get("kind", "bonded")) for name, table in tables.items()}
    return {name: kind for name, kind in kinds.items() if kind != "bonded"}


def interfaces_said(folder: Folder) -> str:
    """What holds parts together, in a sentence."""
    if is_bonded(folder):
        return "Parts share the points of the mesh where they meet: they are bonded, without slip or gap."
    named = listed([f"{name} ({kind.replace('_', ', then ')})" for name, kind in opened(folder).items()])
    return f"Interfaces that are not bonded: {named}." if named else ""


def one_mesh(folder: Folder) -> str:
    """What all arms share."""
    return "the cells of one mesh, which interfaces part" if opened(folder) else "one mesh"


def breaks(folder: Folder) -> bool:
    """Whether arms were also loaded until they broke."""
    return bool(folder.study.get("failure") == "ultimate")


def from_shape_model(folder: Folder) -> bool:
    """Whether the bone comes from the statistical shape model."""
    return folder.study.get("anatomy", {}).get("kind") in _SHAPE_MODEL


def methods(folder: Folder) -> list[str]:
    """Sentences on bone, arms, mesh, materials, loads, solution and failure; what is not known is left out.

    A list of paragraphs.
    """
    parts = [_bone(folder), _arms(folder), _mesh(folder)]
    mechanics = [_materials(folder), _loads(folder), _solver(folder), _error(folder), _failure(folder)]
    return [" ".join(filter(None, parts)), " ".join(filter(None, mechanics))]


def bone_name(folder: Folder) -> str:
    """The bone in words: side, level, kind."""
    anatomy = folder.study.get("anatomy", {})
    kind = _KINDS.get(anatomy.get("kind", ""), folder.summary.get("anatomy", {}).get("site", "bone"))
    side = anatomy.get("side") or folder.summary.get("anatomy", {}).get("side")
    return " ".join(filter(None, [side if side in ("left", "right") else "", anatomy.get("level"), kind]))


def bone_origin(folder: Folder) -> str:
    """Where the form of the bone comes from."""
    anatomy = folder.study.get("anatomy", {})
    if anatomy.get("surface"):
        return f"the closed surface {anatomy['surface']}"
    if not from_shape_model(folder):
        return "signed distances with the dimensions given" if anatomy else ""
    if anatomy.get("subject") is not None:
        return f"the statistical shape model LLP26, person {anatomy['subject']}"
    modes = ", modes " + ", ".join(f"{x:g}" for x in anatomy["modes"]) if anatomy.get("modes") else ", mean"
    return f"the statistical shape model LLP26{modes}"


def _bone(folder: Folder) -> str:
    dimensions = folder.summary.get("anatomy", {}).get("dimensions", {})
    sizes = ", ".join(f"{label(name, 'mm')} {shown(value, 3)}" for name, value in dimensions.items())
    origin = bone_origin(folder)
    version = folder.summary.get("femurfe", "")
    return (
        f"A finite-element model of a {bone_name(folder)} was made with femurfe {version}"
        f"{f', its form from {origin}' if origin else ''}{f' ({sizes})' if sizes else ''}."
    )


def _arms(folder: Folder) -> str:
    arms = folder.summary.get("arms", {})
    said = [f"{name} ({listed(items) if items else 'bone alone'})" for name, items in arms.items()]
    shared = f" They share {one_mesh(folder)}, so that differences between them are paired."
    shared = shared if len(arms) > 1 else ""
    return f"{len(arms)} arm{'s' * (len(arms) != 1)} were compared: {listed(said)}.{shared}" if arms else ""


def _mesh(folder: Folder) -> str:
    mesh = folder.summary.get("mesh", {})
    if not mesh:
        return ""
    unknowns = max((log.get("n_unknowns", 0) for log in folder.summary.get("solver", {}).values()), default=0)
    size = folder.study.get("mesh", {}).get("size_mm")
    asked = f", mesh size {size:g} mm and less around items" if size and mesh["cell_type"] != "hex8" else ""
    return (
        f"The mesh has {shown(mesh['n_cells'])} {_CELLS.get(mesh['cell_type'], mesh['cell_type'])}"
        f"{f' and {shown(unknowns)} unknowns' if unknowns else ''} "
        f"(mean edge {shown(mesh['edge_mean'], 2)} mm{asked}; "
        f"mean ratio at least {shown(mesh['quality_min'], 2)}, mean {shown(mesh['quality_mean'], 2)})."
    )


def regions_of(folder: Folder) -> dict[str, list[str]]:
    """The materials of every region, over all arms."""
    out: dict[str, list[str]] = {}
    for regions in folder.summary.get("materials", {}).values():
        for region, key in regions.items():
            if key not in out.setdefault(region, []):
                out[region].append(key)
    return out


def _materials(folder: Folder) -> str:
    library = folder.summary.get("library", {})
    said = []
    for region, keys in regions_of(folder).items():
        named = [
            f"{library.get(key, {}).get('title', '') or 'material'} [{material_name(key)}]" for key in keys
        ]
        said.append(f"{region}: {listed(named)}")
    text = f"Materials were {'; '.join(said)}." if said else ""
    return " ".join(filter(None, (text, interfaces_said(folder))))


def _loads(folder: Folder) -> str:
    said = []
    for name, case in folder.summary.get("load_cases", {}).items():
        acting = "; ".join([*case.get("loads", []), *case.get("supports", [])])
        said.append(f"{name}: {case.get('description', '').rstrip('.')}{f' ({acting})' if acting else ''}")
    return f"Load cases were {'; '.join(said)}." if said else ""


def _solver(folder: Folder) -> str:
    logs = list(folder.summary.get("solver", {}).values())
    if not logs:
        return ""
    used = listed(list(dict.fromkeys(str(log.get("method", NOTHING)) for log in logs)))
    residual = max(float(log.get("residual") or 0.0) for log in logs)
    balance = max(_worst_balance(log) for log in logs)
    linear = "Small displacements and linear elastic materials were assumed for stiffness and risk. "
    assumed = linear if is_bonded(folder) else ""
    return (
        f"{assumed}The equations were solved by the method {used} "
        f"to a relative residual of at most {shown(residual, 2)}; forces, moments and energy balance "
        f"to {shown(balance, 2)} of the load."
    )


def _worst_balance(log: Mapping[str, Any]) -> float:
    return max((float(value) for value in log.get("balance", {}).values()), default=0.0)


def _error(folder: Folder) -> str:
    errors = [row.get("stiffness_error_percent") for row in folder.table]
    known = [float(error) for error in errors if error is not None]
    if not known:
        return ""
    return (
        f"The discretisation error of the stiffness, estimated from recovered strains "
        f"(Zienkiewicz and Zhu 1987), is {shown(min(known), 2)} to {shown(max(known), 2)} %."
    )


def _failure(folder: Folder) -> str:
    criteria = {row["part"]: row["criterion"] for row in folder.criteria if row.get("primary") == "True"}
    said = [f"{part} by {name.replace('_', ' ')}" for part, name in criteria.items()]
    averaging = folder.study.get("averaging", {})
    where = (
        f", with strains averaged over balls of {averaging['bone_radius_mm']:g} mm radius in bone and "
        f"{averaging['cement_radius_mm']:g} mm in cement, and {averaging['margin_mm']:g} mm "
        "around supports and loads left out"
        if {"bone_radius_mm", "cement_radius_mm", "margin_mm"} <= averaging.keys()
        else ""
    )
    judged = f"Failure was judged part by part ({listed(said)}){where}. " if said else ""
    linear = "; failure loads are linear extrapolations" if is_bonded(folder) else ""
    risk = f"Risk is the load over the load at which the first part reaches its limit{linear}."
    return f"{judged}{risk}{_ultimate(folder)}"


def _ultimate(folder: Folder) -> str:
    """How arms were broken, if they were."""
    options = folder.study.get("ultimate", {})
    if not breaks(folder) or not {"largest_mm", "largest_deg", "fall", "tolerance"} <= options.keys():
        return ""
    alone = options.get("breaks") == "interfaces"
    yielding = "interfaces that give way" if alone else "materials that yield and lose strength"
    return (
        f" Every arm was also loaded along a path, with {yielding} and with "
        f"Newton's method to a relative tolerance of {options['tolerance']:g}, until the load had fallen to "
        f"{100.0 * options['fall']:g} % of its peak or the motion reached {options['largest_mm']:g} mm or "
        f"{options['largest_deg']:g} degrees; the ultimate load is the largest on the path."
    )
