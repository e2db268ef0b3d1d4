"""The tables of a study file that say what is there: bone, mesh, materials, items and interfaces.

All are strict, with the unit at the end of every quantity's key.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Vector = Annotated[list[float], Field(min_length=3, max_length=3)]
Positive = Annotated[float, Field(gt=0.0)]
Label = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f](.{0,62}[^\s\x00-\x1f])?$")]


def _no_truth(value: Any) -> Any:
    """Refuse true and false where a number is wanted; 2.0 is as good as 2."""
    if isinstance(value, bool):
        message = "input should be 1 or 2"
        raise ValueError(message)
    return value


Order = Annotated[Literal[1, 2], BeforeValidator(_no_truth)]


class Table(BaseModel):
    """A table of a study file: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Place(Table):
    """A point of the bone: a landmark or coordinates, and a shift along the bone's axes."""

    at: str | None = None
    at_mm: Vector | None = None
    shift_mm: dict[str, float] = {}


class Anatomy(Table):
    """Which bone. Keys that its kind does not have are refused when it is built."""

    kind: Literal[
        "femur",
        "proximal_femur",
        "hemipelvis",
        "sacrum",
        "vertebra",
        "scanned_femur",
        "scanned_vertebra",
        "block",
    ]
    side: Literal["left", "right"] | None = None
    modes: list[float] | None = None
    subject: int | None = None
    level: str | None = None
    surface: str | None = None
    unit: Literal["mm", "cm", "m", "inch"] | None = None
    landmarks_mm: dict[str, Vector] | None = None
    head_diameter_mm: float | None = None
    neck_shaft_angle_deg: float | None = None
    torsion_deg: float | None = None
    offset_mm: float | None = None
    neck_diameter_mm: float | None = None
    shaft_diameter_mm: float | None = None
    length_mm: float | None = None
    canal_diameter_mm: float | None = None
    shaft_mm: float | None = None
    potted_mm: float | None = None
    acetabular_diameter_mm: float | None = None
    height_mm: float | None = None
    iliac_width_mm: float | None = None
    width_mm: float | None = None
    endplate_width_mm: float | None = None
    endplate_depth_mm: float | None = None
    posterior_height_mm: float | None = None
    anterior_height_mm: float | None = None
    pedicle_width_mm: float | None = None
    pedicle_height_mm: float | None = None
    canal_width_mm: float | None = None
    canal_depth_mm: float | None = None
    transverse_span_mm: float | None = None
    diameter_mm: float | None = None
    rim_diameter_mm: float | None = None
    grip_diameter_mm: float | None = None
    density_ash_g_per_cm3: float | None = None


class MeshTable(Table):
    """The mesh. Voxels have a size only; they are neither of an order nor fitted to anything."""

    kind: Literal["tetrahedra", "voxel"] = "tetrahedra"
    size_mm: Positive = 3.0
    order: Order = 2
    fit: Literal["label", "conform"] = "conform"
    compare_fits: bool = False

    @model_validator(mode="after")
    def _belongs_to_its_kind(self) -> MeshTable:
        """Refuse what voxels cannot do; defaults may stand, as in the copy of a study that was run."""
        asked = {"order": self.order != 2, "fit": self.fit != "conform", "compare_fits": self.compare_fits}
        wrong = [key for key, given in asked.items() if given and self.kind == "voxel"]
        if wrong:
            message = f"{', '.join(wrong)} does not belong to a mesh of voxels; it takes size_mm"
            raise ValueError(message)
        return self


class MaterialsTable(Table):
    """Keys of the material library, or files of the study's folder; those of the site if left out."""

    cortical: str | None = None
    trabecular: str | None = None
    medullary: str | None = None
    density_factor: Positive = 1.0


class DefectTable(Place):
    """A lytic defect."""

    kind: Literal["defect"]
    shape: Literal["sphere", "ellipsoid", "capsule", "lobes"] = "ellipsoid"
    radius_mm: Positive | None = None
    radii_mm: Vector | None = None
    along: str | None = None
    to: str | None = None
    to_mm: Vector | None = None
    lobes: list[LobeTable] | None = None
    volume_ml: Positive | None = None
    share: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    of: str = "bone"
    contained: bool = False
    material: str = "tissue/lytic_tumour"
    young_MPa: Positive | None = None  # noqa: N815 - the unit of the file
    poisson: float | None = None
    mesh_size_mm: Positive | None = None


class LobeTable(Place):
    """One lobe of a defect."""

    radii_mm: Vector


class CementTable(Table):
    """Cement that fills a defect, or a solid of its own."""

    kind: Literal["cement"]
    fills: str | None = "lesion"
    fraction: float | None = None
    volume_ml: float | None = None
    start: str | None = None
    start_mm: Vector | None = None
    rim_mm: Annotated[float, Field(ge=0.0)] = 0.0
    bolus: BolusTable | None = None
    material: str = "cement/pmma"
    young_MPa: Positive | None = None  # noqa: N815 - the unit of the file
    poisson: float | None = None
    rim_young_MPa: Positive | None = None  # noqa: N815 - the unit of the file
    rim_material: str = "cement/cement_bone_composite"
    mesh_size_mm: Positive | None = None


class BolusTable(Place):
    """A ball or ellipsoid of cement in bone without a cavity."""

    radius_mm: Positive | None = None
    radii_mm: Vector | None = None
    volume_ml: Positive | None = None


class ScrewTable(Table):
    """A screw, or a set of them."""

    kind: Literal["screw"]
    start: str | None = None
    start_mm: Vector | None = None
    end: str | None = None
    end_mm: Vector | None = None
    shift_mm: dict[str, float] = {}
    past_end_mm: float = 0.0
    diameter_mm: Positive
    core_diameter_mm: Positive | None = None
    shank_diameter_mm: Positive | None = None
    thread_length_mm: Positive | None = None
    cannula_diameter_mm: Annotated[float, Field(ge=0.0)] = 0.0
    pattern: Literal["single", "parallel", "inverted_triangle"] = "single"
    spacing_mm: float = 0.0
    material: str = "metal/ti6al4v"
    young_MPa: Positive | None = None  # noqa: N815 - the unit of the file
    poisson: float | None = None
    mesh_size_mm: Positive | None = None


ItemTable = Annotated[DefectTable | CementTable | ScrewTable, Field(discriminator="kind")]


InterfaceKind = Literal["bonded", "compliant", "cohesive", "frictional", "cohesive_frictional"]


class InterfaceTable(Table):
    """What one side transmits to the other; sides and properties are those of its name, if it has such."""

    kind: InterfaceKind = "bonded"
    between: Annotated[list[str], Field(min_length=2, max_length=2)] | None = None
    properties: str | None = None
    press_fit_mm: Annotated[float, Field(ge=0.0)] = 0.0
    thread_pitch_mm: Positive | None = None


DefectTable.model_rebuild()
CementTable.model_rebuild()
