"""
What a sweep says
=================

*Thirty-one cases of a femoral neck differ in the lesion, the cement, the bone's density and the patient's
weight. What does treatment do in all of them, what matters most, and how likely is failure?*

The table was made by ``femurfe sweep neck_sweep.toml`` on a coarse mesh and is stored in
``docs/gallery/data`` of the repository, with the study. Each row is one case, arm and load case. See
:doc:`/statistics` for what each function answers and assumes.
"""

# sphinx_gallery_thumbnail_number = 4

import csv
from pathlib import Path

import numpy as np
from scipy import stats

from femurfe import analysis, figures

with Path("data/neck_sweep.csv").open(encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
words = ("arm", "load_case", "status")
table = {key: np.array([row[key] if key in words else float(row[key]) for row in rows]) for key in rows[0]}
strength = analysis.outcomes(table, "failure_load_N", "stance")
print(f"{len(rows)} rows, arms {', '.join(strength.arms)}")

# %%
# **What does treatment do?** Differences within each case, so that bones and lesions cancel out.

effects = analysis.compare_pairs(strength, [("cement", "lytic"), ("screw+cement", "cement")])
for effect in effects:
    low, middle, high = effect.ratio.low, effect.ratio.estimate, effect.ratio.high
    print(f"{effect.arm} over {effect.baseline}: {middle:.2f} (95 % interval {low:.2f} to {high:.2f})")
paired = figures.paired_figure(strength, effects, "failure load (N)")

# %%
# **What matters?** Standardised coefficients of a linear regression of the failure load with cement.

names = ["items.lesion.volume_ml", "items.cement.fraction", "materials.density_factor"]
cases, inputs = analysis.inputs(table, names)
fit = analysis.regression(inputs, strength.of("cement"), names)
labels = ("lesion volume", "cement fraction", "density factor")
tornado = figures.tornado_figure(
    dict(zip(labels, fit.coefficients, strict=True)),
    "standardised coefficient (-)",
    f"failure load with cement, R² {fit.r2.estimate:.2f}",
)

# %%
# **How likely is failure?** One linear solve tells the risk under any size of its load, so a distribution
# of loads can be laid over the failure loads without more solves. Here the force on the head in stance is
# lognormal with a median of 1730 N (2.31 times 750 N) and a spread of a quarter.

load = stats.lognorm(0.25, scale=1730.0)
failure = figures.probability_figure(
    analysis.load_by_arm(strength, load), "probability of failure in stance (-)"
)

# %%
# **Which lesion with how much cement?** The median of a surface fitted to the cases; its leave-one-out
# error says how far to trust it.

pair = ("items.lesion.volume_ml", "items.cement.fraction")
chart = analysis.median_chart(inputs[:, :2], strength.of("cement"), pair, "load")
print(f"leave-one-out error {chart.validation.rmse:.0f} N, Q2 {chart.validation.q2:.2f}")
drawn = figures.design_chart_figure(
    chart, ("lesion volume (ml)", "cement fraction (-)"), "median failure load with cement (N)"
)
