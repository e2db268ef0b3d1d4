"""The study file as typed tables: strict, with the unit at the end of every quantity's key."""

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
        "femur", "proximal_femur", "hemipelvis", "sacrum", "vertebra", "scanned_femur", "scanned_vertebra"
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


class InterfaceTable(Table):
    """What one side transmits to the other; sides and properties are those of its name, if it has such."""

    kind: Literal["bonded", "compliant", "cohesive", "frictional", "cohesive_frictional"] = "bonded"
    between: Annotated[list[str], Field(min_length=2, max_length=2)] | None = None
    properties: str | None = None
    press_fit_mm: Annotated[float, Field(ge=0.0)] = 0.0
    thread_pitch_mm: Positive | None = None


class LoadTable(BaseModel):
    """A load case of the library, and values of its options with their unit in the key."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)

    case: str

    @property
    def options(self) -> dict[str, Any]:
        """The option keys as they stand in the file."""
        return dict(self.model_extra or {})


class SolverTable(Table):
    """The linear solver."""

    method: Literal["auto", "direct", "multigrid", "pardiso", "petsc"] = "auto"
    tolerance: Annotated[float, Field(gt=0.0, le=1e-4)] = 1e-8
    max_iterations: Annotated[int, Field(ge=1)] = 500


class AveragingTable(Table):
    """Where failure is judged."""

    bone_radius_mm: Annotated[float, Field(ge=0.0)] = 3.0
    cement_radius_mm: Annotated[float, Field(ge=0.0)] = 3.0
    screw_share: Annotated[float, Field(ge=0.0)] = 1.0 / 6.0
    margin_mm: Annotated[float, Field(ge=0.0)] = 6.0


class ParameterTable(Table):
    """What a swept key is set to: values, or draws from a distribution.

    ``mean`` and ``sd`` are those of the value itself; of a truncated normal, before it is cut.
    """

    values: Annotated[list[Any], Field(min_length=1)] | None = None
    weights: list[Annotated[float, Field(ge=0.0)]] | None = None
    distribution: Literal["discrete", "uniform", "normal", "truncated_normal", "lognormal"] = "discrete"
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    sd: Positive | None = None
    also: list[str] = []

    @model_validator(mode="after")
    def _belongs_to_its_distribution(self) -> ParameterTable:
        wanted = {
            "discrete": {"values"},
            "uniform": {"low", "high"},
            "normal": {"mean", "sd"},
            "truncated_normal": {"mean", "sd", "low", "high"},
            "lognormal": {"mean", "sd"},
        }[self.distribution]
        given = {key for key in ("values", "low", "high", "mean", "sd") if getattr(self, key) is not None}
        if given != wanted:
            shown = ", ".join(sorted(wanted))
            message = f"{self.distribution} takes {shown}, got {', '.join(sorted(given)) or 'none of them'}"
            raise ValueError(message)
        _check_numbers(self)
        return self


def _check_numbers(table: ParameterTable) -> None:
    """Refuse bounds the wrong way round, weights that do not fit, and a mean no lognormal has."""
    if table.low is not None and table.high is not None and not table.low < table.high:
        message = f"low must be less than high, got {table.low:g} and {table.high:g}"
        raise ValueError(message)
    if table.distribution == "lognormal" and table.mean is not None and table.mean <= 0.0:
        message = f"the mean of a lognormal is greater than 0, got {table.mean:g}"
        raise ValueError(message)
    if table.weights is not None and (
        table.values is None or len(table.weights) != len(table.values) or sum(table.weights) <= 0.0
    ):
        message = "weights takes one weight per entry of values, not all of them 0"
        raise ValueError(message)


class UltimateTable(Table):
    """How far arms are loaded where failure is ultimate."""

    largest_mm: Positive = 5.0
    largest_deg: Positive = 10.0
    fall: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.8
    first: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05
    most: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    tolerance: Annotated[float, Field(gt=0.0, le=1e-2)] = 1e-4
    drift: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05
    snapshots: Annotated[int, Field(ge=0)] = 1

    @model_validator(mode="after")
    def _has_steps(self) -> UltimateTable:
        """The first step is no larger than the largest."""
        if self.first > self.most:
            message = f"first must be at most most, got {self.first:g} and {self.most:g}"
            raise ValueError(message)
        return self


class SweepTable(Table):
    """What a sweep varies, and how cases are chosen."""

    method: Literal["grid", "list", "latin_hypercube", "sobol", "morris", "saltelli"] = "grid"
    n: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    levels: Annotated[int, Field(ge=2)] = 4
    second_order: bool = False
    parameters: Annotated[dict[str, ParameterTable], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_its_number(self) -> SweepTable:
        """Grids and lists count themselves; the other methods need n."""
        counted = self.method in ("grid", "list")
        if counted != (self.n is None):
            message = f"{self.method} takes {'no' if counted else 'an'} n"
            raise ValueError(message)
        return self


class FiguresTable(Table):
    """Which figures a run leaves, and in which form; no number depends on it."""

    kinds: Annotated[list[str], Field(min_length=1)] | None = None
    width: Literal["single", "double"] = "double"
    formats: Annotated[list[Literal["pdf", "svg", "png"]], Field(min_length=1)] = ["pdf", "png"]


class StudyFile(Table):
    """A whole study file."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
    title: str = ""
    anatomy: Anatomy
    mesh: MeshTable = MeshTable()
    materials: MaterialsTable = MaterialsTable()
    items: dict[str, ItemTable] = {}
    interfaces: dict[Label, InterfaceTable] = {}
    arms: Annotated[dict[Label, list[str]], Field(min_length=1)]
    loads: Annotated[dict[Label, LoadTable], Field(min_length=1)]
    solver: SolverTable = SolverTable()
    averaging: AveragingTable = AveragingTable()
    failure: Literal["linear", "ultimate"] = "linear"
    ultimate: UltimateTable = UltimateTable()
    sweep: SweepTable | None = None
    figures: FiguresTable | None = None

    @model_validator(mode="after")
    def _can_break(self) -> StudyFile:
        """Ultimate failure needs tetrahedra, and is not swept."""
        if self.failure == "ultimate" and self.mesh.kind == "voxel":
            message = "failure = 'ultimate' takes a mesh of tetrahedra; voxels stay linear"
            raise ValueError(message)
        if self.failure == "ultimate" and self.sweep is not None:
            message = "failure = 'ultimate' does not belong to a study with a sweep"
            raise ValueError(message)
        return self


DefectTable.model_rebuild()
CementTable.model_rebuild()
