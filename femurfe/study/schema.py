"""The study file as typed tables: what is done with the model, and the whole."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from femurfe.study.schema_model import (
    Anatomy,
    InterfaceKind,
    InterfaceTable,
    ItemTable,
    Label,
    MaterialsTable,
    MeshTable,
    Positive,
    Table,
)


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
    also: list[str] = Field(default_factory=list)

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
    """How far arms are loaded where failure is ultimate, and whether only interfaces can fail."""

    breaks: Literal["all", "interfaces"] = "all"
    largest_mm: Positive = 5.0
    largest_deg: Positive = 10.0
    fall: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.8
    first: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05
    most: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    tolerance: Annotated[float, Field(gt=0.0, le=1e-2)] = 1e-4
    drift: Annotated[float, Field(gt=0.0, le=1.0)] = 0.02
    snapshots: Annotated[int, Field(ge=0)] = 1
    combined_deg: list[Annotated[float, Field(gt=-90.0, lt=90.0)]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _has_directions(self) -> UltimateTable:
        """Directions between a force and a moment differ, and are not that of the force alone."""
        if 0.0 in self.combined_deg or len(set(self.combined_deg)) != len(self.combined_deg):
            message = f"combined_deg takes each direction once and not 0, got {self.combined_deg}"
            raise ValueError(message)
        return self

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


Format = Literal["pdf", "svg", "png"]
FORMATS: tuple[Format, ...] = ("pdf", "png")


class FiguresTable(Table):
    """Which figures a run or a sweep leaves, and in which form; no number depends on it."""

    kinds: Annotated[list[str], Field(min_length=1)] | None = None
    width: Literal["single", "double"] = "double"
    formats: Annotated[list[Format], Field(min_length=1)] = Field(default_factory=lambda: list(FORMATS))
    outcomes: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["risk"])
    parameters: list[str] = Field(default_factory=list)


class StudyFile(Table):
    """A whole study file."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
    title: str = ""
    anatomy: Anatomy
    mesh: MeshTable = MeshTable()
    materials: MaterialsTable = MaterialsTable()
    items: dict[str, ItemTable] = Field(default_factory=dict)
    interfaces: dict[Label, InterfaceTable] = Field(default_factory=dict)
    ladder: Annotated[list[InterfaceKind], Field(min_length=2)] | None = None
    arms: Annotated[dict[Label, list[str]], Field(min_length=1)]
    loads: Annotated[dict[Label, LoadTable], Field(min_length=1)]
    solver: SolverTable = SolverTable()
    averaging: AveragingTable = AveragingTable()
    failure: Literal["linear", "ultimate"] = "linear"
    ultimate: UltimateTable = UltimateTable()
    sweep: SweepTable | None = None
    figures: FiguresTable | None = None

    @model_validator(mode="after")
    def _climbs(self) -> StudyFile:
        """A ladder needs interfaces and rungs that differ, and is not swept: a sweep has its own."""
        rungs = self.ladder or []
        if rungs and not self.interfaces:
            message = "ladder is over interfaces; name at least one, as [interfaces.screw_bone]"
            raise ValueError(message)
        if len(set(rungs)) != len(rungs):
            message = f"ladder takes each kind once, got {', '.join(rungs)}"
            raise ValueError(message)
        if rungs and self.sweep is not None:
            message = "ladder does not belong to a study with a sweep, which varies interfaces.NAME.kind"
            raise ValueError(message)
        return self

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
