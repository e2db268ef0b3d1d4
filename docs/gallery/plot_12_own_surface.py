"""
A bone of your own
==================

*A segmentation has given me the surface of a femur as an STL file. What do I do with it?*

Here a person of the shape model stands in for the segmentation: its surface is turned, moved and written to
a file, as if it came from a scanner with axes of its own and ended in the shaft. What follows is what you
would do with your file.
"""

import tempfile
from pathlib import Path

import numpy as np

import femurfe as ff
from femurfe.mesh.topology import surface_of

folder = Path(tempfile.mkdtemp())
scan = ff.ProximalFemur(side="right", subject=11, shaft=90.0)
outside = surface_of(scan.mesh(size=5.0, order=1))
angle = np.radians(35.0)
turn = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
points = outside.points @ turn.T + [120.0, -40.0, 900.0]
ff.write_surface(folder / "femur.stl", ff.TriSurface(points, outside.triangles))

# %%
# **Read it.** STL has no units: say which the file is in. A surface has to be closed; the message names the
# fault if it is not, and ``femurfe inspect femur.stl`` lists what it found.

surface = ff.read_surface(folder / "femur.stl", unit="mm")
print(f"{surface.n_triangles} triangles, {surface.volume() / 1000.0:.0f} mL")

# %%
# **Make it a bone.** Landmarks and axes are found by geometry, whichever way the surface lies. Compare the
# dimensions with those you know from the images, and look at the landmarks; ``landmarks={...}`` replaces
# one that is wrong.

femur = ff.ScannedFemur(surface)
print(f"side: {femur.side}")
for name in ("head_diameter", "neck_shaft_angle_deg", "shaft_diameter"):
    print(f"{name}: {femur.dimensions[name]:.1f} (the bone it came from: {scan.dimensions[name]:.1f})")

# %%
# **Put a lesion and a treatment in it.** Places are landmarks and shifts along the bone's own axes, so the
# same lines serve the next patient.

centre = femur.landmark("inferior_neck") + 5.0 * femur.axis("proximal")
lesion = ff.Defect("lesion", ff.Ellipsoid(centre, radii=(13.0, 11.0, 10.0)), mesh_size=4.0)
cement = ff.Cement("cement", fraction=0.9, mesh_size=4.0)
arms = {"intact": [], "lytic": [lesion], "cement": [lesion, cement]}

# %%
# **Compare.** A body weight of your own belongs here too.

stance = femur.load_case("single_leg_stance", body_weight=680.0)
comparison = ff.compare(femur, arms, [stance], size=9.0)
print(comparison.table())
views = comparison.figure("views")

# %%
# The same as a study file, beside the STL:
#
# .. code-block:: toml
#
#    name = "my_femur"
#
#    [anatomy]
#    kind = "scanned_femur"
#    surface = "femur.stl"
#    unit = "mm"
#
#    [items.lesion]
#    kind = "defect"
#    at = "inferior_neck"
#    shift_mm = { proximal = 5.0 }
#    radii_mm = [13.0, 11.0, 10.0]
#
#    [items.cement]
#    kind = "cement"
#    fraction = 0.9
#
#    [arms]
#    intact = []
#    lytic = ["lesion"]
#    cement = ["lesion", "cement"]
#
#    [loads.stance]
#    case = "single_leg_stance"
#    body_weight_N = 680.0
#
# The bone's cortex comes from a thickness map and its density from a graded field, not from your images:
# see :doc:`/howto/own_bone`.
