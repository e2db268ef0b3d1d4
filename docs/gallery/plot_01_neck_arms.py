"""
Four arms in the femoral neck
=============================

*A metastasis has eaten a hole into the femoral neck. What do cement, and a screw with cement, give back in
one-leg stance?*

The bone is one person of the shape model, the lesion opens the lower cortex of the neck. The four arms
share one mesh, so that a difference between two of them is the treatment and not the mesh.
"""

# sphinx_gallery_thumbnail_number = 2

import femurfe as ff

femur = ff.ProximalFemur(side="left", subject=6, shaft=80.0)
centre = femur.landmark("inferior_neck") - 2.0 * femur.axis("medial") + 6.0 * femur.axis("proximal")
lesion = ff.Defect("lesion", ff.Ellipsoid(centre, radii=(15.0, 12.0, 11.0)))
cement = ff.Cement("cement", fills="lesion", fraction=0.9)
screw = ff.Screw(
    "screw",
    start=femur.landmark("lateral_entry"),
    end=femur.landmark("head_centre"),
    diameter=7.3,
    core_diameter=5.3,
    mesh_size=4.0,
)

# %%
# An arm is a list of items in the order in which they are put into the bone; cement has to come after what
# it fills.

arms = {
    "intact": [],
    "lytic": [lesion],
    "cement": [lesion, cement],
    "screw+cement": [lesion, cement, screw],
}
stance = femur.load_case("single_leg_stance", body_weight=750.0)
comparison = ff.compare(femur, arms, [stance], size=8.0)
print(comparison.table())

# %%
# *Stiffness* is the force over the motion of the head on which it does its work, *error* the estimated
# share by which the mesh makes it too large, *risk* the force over the force at which the first part fails.
# The bars of stiffness carry the error downward: a mesh can only be too stiff.

bars = comparison.figure("bars")

# %%
# The cut runs along the screw. Above, what the cells are made of; below, how near they are to failure. Grey
# cells are not judged: the lesion, and what lies within 6 mm of a support or load.

section = comparison.figure("section")

# %%
# The bone from outside, with lesion, cement and screw seen through it.

views = comparison.figure("views")

# %%
# What to keep in mind: the failure load is that of a linear model, at which the first ball of 3 mm reaches
# its limit (:doc:`/theory/failure`); cement and screw are bonded to the bone; and the bone is isotropic.
# The order of the arms is firmer than any of the numbers.
