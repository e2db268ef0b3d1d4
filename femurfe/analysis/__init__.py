"""Statistics of sweeps: sensitivity, paired comparison, probability, ranks, charts, surrogates.

Functions of arrays and of the tidy table of a sweep; nothing here reads a file or draws.
"""

from femurfe.analysis.bootstrap import Interval, bca
from femurfe.analysis.design_chart import DesignChart, median_chart, probability_chart
from femurfe.analysis.ladder import RungBias, ladder_rows, rung_biases
from femurfe.analysis.morris import MorrisEffect, morris_effects
from femurfe.analysis.paired import PairedEffect, compare_pairs, holm
from femurfe.analysis.probability import (
    FailureProbability,
    counted_by_arm,
    counted_probability,
    load_by_arm,
    load_probability,
    proportion,
)
from femurfe.analysis.ranks import (
    GroupedStability,
    RankStability,
    rank_stability,
    stability_by_group,
    stability_by_load,
)
from femurfe.analysis.reduced import Reduced, ReducedBasis, reduced_basis
from femurfe.analysis.regression import Regression, regression
from femurfe.analysis.rows import (
    chart_rows,
    morris_rows,
    paired_rows,
    probability_rows,
    rank_rows,
    regression_rows,
    sobol_rows,
    stability_rows,
)
from femurfe.analysis.sobol import Blocks, SobolIndices, saltelli_blocks, sobol_indices
from femurfe.analysis.sobol_sample import sobol_of_sample
from femurfe.analysis.surrogate import Surrogate, SurrogateRefused, fit_surrogate
from femurfe.analysis.table import Outcomes, inputs, labels, outcomes

__all__ = [
    "Blocks", "DesignChart", "FailureProbability", "GroupedStability", "Interval", "MorrisEffect",
    "Outcomes", "PairedEffect", "RankStability", "Reduced", "ReducedBasis", "Regression", "RungBias",
    "SobolIndices", "Surrogate", "SurrogateRefused", "bca", "chart_rows", "compare_pairs", "counted_by_arm",
    "counted_probability", "fit_surrogate", "holm", "inputs", "labels", "ladder_rows", "load_by_arm",
    "load_probability", "median_chart", "morris_effects", "morris_rows", "outcomes", "paired_rows",
    "probability_chart", "probability_rows", "proportion", "rank_rows", "rank_stability", "reduced_basis",
    "regression", "regression_rows", "rung_biases", "saltelli_blocks", "sobol_indices", "sobol_of_sample",
    "sobol_rows", "stability_by_group", "stability_by_load", "stability_rows",
]  # fmt: skip
