"""
How much cement does the neck need?
===================================

*A lesion of the femoral neck is filled by a fifth, two fifths, and so on. Where does more cement stop
helping?*

Every share is an arm of its own, and the needle's tip is the lowest point of the cavity, so cement rises
from there. ``fit="label"`` marks whole cells instead of making facets follow the cement's surface: seven
arms on one mesh would otherwise ask for seven surfaces in it. What that costs is a per cent or two of
stiffness, see :doc:`plot_06_voxels_and_tetrahedra`.
"""

import matplotlib.pyplot as plt
import numpy as np

import femurfe as ff

femur = ff.ProximalFemur(side="left", subject=6, shaft=80.0)
centre = femur.landmark("inferior_neck") - 2.0 * femur.axis("medial") + 6.0 * femur.axis("proximal")
lesion = ff.Defect("lesion", ff.Ellipsoid(centre, radii=(15.0, 12.0, 11.0)), mesh_size=3.0)
shares = [0.2, 0.4, 0.6, 0.8, 1.0]
fillings = [ff.Cement(f"cement_{share:.0%}".rstrip("%"), fraction=share, mesh_size=3.0) for share in shares]
arms = {"intact": [], "lytic": [lesion]} | {c.name: [lesion, c] for c in fillings}
stance = femur.load_case("single_leg_stance", body_weight=750.0)
comparison = ff.compare(femur, arms, [stance], size=8.0, fit="label")
print(comparison.table())

# %%
# The placement report of each arm says how much cement there is, in mL.

volumes = [0.0] + [comparison.arms[c.name].placements[c.name]["volume_ml"] for c in fillings]
rows = {row["arm"]: row for row in comparison.rows()}
treated = [rows[name] for name in arms if name != "intact"]
columns = {"stiffness_N_per_mm": "stiffness (N/mm)", "failure_load_N": "failure load (N)"}

figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.0), layout="constrained")
for axis, (column, label) in zip(axes, columns.items(), strict=True):
    values = np.array([row[column] for row in treated])
    axis.plot(volumes, values, "o-", color="#0072B2", label="with cement")
    axis.axhline(rows["intact"][column], color="0.3", ls="--", label="intact")
    axis.set(xlabel="cement (mL)", ylabel=label, ylim=(0.0, 1.1 * rows["intact"][column]))
    axis.legend(frameon=False)

# %%
# Cement that ends in lytic tissue carries next to nothing: it has no bone to press on at its far end.
# Stiffness and strength come back when the bolus bridges the cavity, here between three fifths and the
# whole of it. Another place of the needle's tip (``start``) makes another bolus and another curve.
