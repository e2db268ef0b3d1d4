"""
What the solver takes
=====================

*How does the effort grow with the number of unknowns and with the jump of stiffness between a titanium
screw and lytic tissue?*

Conjugate gradients count iterations; each costs time in proportion to the unknowns. Iterations do not
depend on the machine or on how many threads there are, so they can be compared anywhere.
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import femurfe as ff

# %%
# A block with a stiff bar through it: the contrast of stiffness goes from none to a hundred thousand.
# Titanium in lytic tissue has 2e4.


def block(size):
    """A block of 40 x 40 x 80 mm with a bar of 10 mm diameter, its ends named."""
    from femurfe.mesh.topology import boundary, facet_centroids

    box = ff.Box((0.0, 0.0, 40.0), (20.0, 20.0, 40.0))
    bar = ff.Cylinder((0.0, 0.0, 15.0), (6.0, 0.0, 65.0), 5.0)
    mesh = ff.mesh_solid([box], size, conform=[bar], order=2)
    rows = boundary(mesh)
    z = facet_centroids(mesh, rows)[:, 2]
    mesh = mesh.with_surfaces({"low": rows[z < 1e-6], "high": rows[z > 80.0 - 1e-6]})
    return mesh, bar.contains(mesh.centroids())


push = ff.LoadCase("push", (ff.Fixed("low"),), (ff.Force("high", (0.3, 0.0, -1.0)),))
options = ff.SolverOptions(method="multigrid")


def solved(mesh, inside, contrast):
    """The log of a solve with a bar so many times stiffer than the block."""
    field = ff.uniform_field(mesh.n_cells, np.where(inside, 0.1 * contrast, 0.1), 0.3)
    return ff.solve(ff.Model(mesh, field, push), options).log


contrasts, sizes = (1.0, 1e2, 1e4, 1e5), (10.0, 7.0, 5.0)
meshes = [block(size) for size in sizes]
found = [[solved(*mesh, contrast) for contrast in contrasts] for mesh in meshes]
for logs in found:
    counts = ", ".join(f"{log['iterations']}" for log in logs)
    print(f"{logs[0]['n_unknowns']:>7} unknowns: {counts} iterations at contrasts 1, 1e2, 1e4, 1e5")

# %%
# Beside it, the time that whole solves of a femur took in the benchmarks that are stored in the repository,
# on two cores of a server. What the benchmarks are and how they were run stands in
# ``benchmarks/README.md``.

stored = Path("../../benchmarks/results")
totals = []
for name in ("tet10", "tet10_600k", "tet10_1500k"):
    problems = json.loads((stored / f"{name}.json").read_text(encoding="utf-8"))["results"]
    runs = [(problem["n_dofs"], run) for problem in problems for run in problem["runs"]]
    totals += [(n, run["title"], run["seconds"]["total"]) for n, run in runs]

figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2), layout="constrained")
colours = ("#56B4E9", "#0072B2", "#000000")
for logs, colour in zip(found, colours, strict=True):
    label = f"{logs[0]['n_unknowns'] / 1000:.0f} thousand unknowns"
    left.semilogx(contrasts, [log["iterations"] for log in logs], "o-", color=colour, label=label)
left.set(xlabel="contrast of stiffness (-)", ylabel="iterations to a residual of 1e-8", ylim=(0, None))
left.legend(frameon=False)
for title, colour in (
    ("femurfe", "#0072B2"),
    ("dolfinx + PETSc GAMG", "#D55E00"),
    ("dolfinx + MUMPS", "#009E73"),
):
    own = sorted((n, seconds) for n, name, seconds in totals if name == title)
    right.loglog(*zip(*own, strict=True), "o-", color=colour, label=title)
right.set(xlabel="unknowns", ylabel="assembly, set-up and solves (s)")
right.legend(frameon=False)

# %%
# A model of a bone at the default size has 200 to 600 thousand unknowns; ``femurfe check STUDY`` estimates
# memory and time of yours. Where the solver is known to be slow: nearly all stiff cells hinged on each
# other by edges, at a contrast of a million, do not converge in 300 iterations; then take
# ``method="direct"`` on a coarser mesh.
