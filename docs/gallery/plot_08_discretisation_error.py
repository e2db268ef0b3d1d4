"""
How fine a mesh?
================

*How far is the stiffness of a lytic femoral neck from that of an infinitely fine mesh, and can one know
without making it?*

femurfe estimates the share by which the elastic energy is off from how much the strain jumps between cells
(:doc:`/theory/error`). Here the estimate stands beside what a finer mesh says.
"""

import matplotlib.pyplot as plt
import numpy as np

import femurfe as ff

femur = ff.ProximalFemur(side="left", subject=6, shaft=70.0)
centre = femur.landmark("inferior_neck") - 2.0 * femur.axis("medial") + 6.0 * femur.axis("proximal")
lesion = ff.Defect("lesion", ff.Ellipsoid(centre, radii=(15.0, 12.0, 11.0)))
arms, loads = {"lytic": [lesion]}, [femur.load_case("single_leg_stance", body_weight=750.0)]
sizes = (14.0, 10.0, 7.0, 5.0)
rows = []
for size in sizes:
    comparison = ff.compare(femur, arms, loads, size=size)
    (row,) = comparison.rows()
    rows.append(row)
    unknowns = 3 * comparison.arms["lytic"].mesh.n_points
    print(
        f"{size:4.1f} mm, {unknowns:>7} unknowns: {row['stiffness_N_per_mm']:.0f} N/mm, "
        f"estimated to be {row['stiffness_error_percent']:.1f} % too stiff; risk {row['risk']:.3f}"
    )

# %%
# The stiffness less its estimated error lies within three per cent on all four meshes. It knows nothing of
# the shape, though: a coarser surface is another bone, and cells at a thin cortex hold another mean of two
# tissues. Risk is a peak and moves more than stiffness does: look where it is (``first_failure_x_mm`` and
# so on) before comparing two of them.

stiffness = np.array([row["stiffness_N_per_mm"] for row in rows])
error = np.array([row["stiffness_error_percent"] for row in rows])
figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.0), layout="constrained")
left.plot(sizes, stiffness, "o-", color="#0072B2", label="as solved")
left.plot(sizes, stiffness * (1.0 - error / 100.0), "s--", color="#D55E00", label="less its estimated error")
left.set(xlabel="cell size (mm)", ylabel="stiffness (N/mm)", ylim=(4500.0, 6000.0))
left.legend(frameon=False)
right.loglog(sizes, error, "o-", color="#0072B2")
right.set(xlabel="cell size (mm)", ylabel="estimated error of stiffness (%)")
right.set_xticks(sizes, [f"{size:g}" for size in sizes])
right.set_yticks([2.0, 3.0, 5.0, 10.0], ["2", "3", "5", "10"])
right.set_ylim(2.0, 10.0)
right.minorticks_off()
right.grid(axis="y", lw=0.4)

# %%
# A rule that serves for a comparison: halve the cells until the difference that matters to you is several
# times the estimated error. The difference of two arms on one mesh is better known than either of them.
