"""Problems of voxels for ``femurfe bench``: the femur of `femur.py` on a grid.

    python benchmarks/make_voxels.py --dofs 500000 --out v500k.npz
    python benchmarks/make_voxels.py --size 1.0 --out vi.npz --implant
    python benchmarks/make_voxels.py --dofs 500000 --porous 0.3 --strut 4.5 --out p500k.npz

One load, the force on the head, shared by the nodes of its cap. Poisson's ratio is 0.3 throughout.
``--porous`` makes a cube of spongy bone instead, as micro-CT shows it: a smoothed random field above
a threshold, of one modulus, held below and pressed above.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import femur
import numpy as np
from scipy import ndimage

from femurfe.arrays import Floats, Ints, Mask

# Degrees of freedom times the cube of the edge length: its limit, and how it grows with the length.
DENSITY, AT_THE_SURFACE = 4.85e5, 4.4e4
POISSON = 0.3
# Nodes of a porous cube over its voxels, about.
SPREAD_OUT = 1.55


def edge_length(dofs: float) -> float:
    """Length in mm that gives about so many degrees of freedom."""
    length = 1.0
    for _ in range(40):
        length = ((DENSITY + AT_THE_SURFACE * length) / dofs) ** (1 / 3)
    return length


def grid(size: float) -> tuple[Floats, Ints]:
    """Lower corner and number of voxels along the axes, the lowest layer on z = 0."""
    low, high = femur.bone().bounds()
    low[2] = 0.0
    return low, np.ceil((high - low) / size).astype(int)


def moduli(low: Floats, counts: Ints, size: float, tissue: femur.Tissue) -> Floats:
    """Young's modulus of the voxels (nx, ny, nz) in MPa, zero outside the bone's one piece."""
    centres = low + size * (np.indices(counts).reshape(3, -1).T + 0.5)
    inside = femur.bone().contains(centres)
    young = np.zeros(len(centres))
    young[inside] = tissue(centres[inside])[0]
    young = young.reshape(counts)
    pieces, _ = ndimage.label(young > 0.0)
    largest = 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    return np.where(pieces == largest, young, 0.0)


def nodes(solid: Mask) -> Ints:
    """Indices (n, 3) of the nodes that voxels use."""
    used = np.zeros(np.array(solid.shape) + 1, dtype=bool)
    for corner in np.ndindex(2, 2, 2):
        used[tuple(slice(c, c + n) for c, n in zip(corner, solid.shape, strict=True))] |= solid
    return np.argwhere(used)


def problem(size: float, tissue: femur.Tissue) -> tuple[dict[str, Any], int]:
    """The arrays of the file, and the number of degrees of freedom."""
    low, counts = grid(size)
    young = moduli(low, counts, size, tissue)
    index = nodes(young > 0.0)
    height = (low + size * index - femur.HEAD) @ -femur.DOWN
    cap = index[height > 0.8 * femur.HEAD_RADIUS]
    force = np.tile(femur.FORCE / len(cap) * femur.DOWN, (len(cap), 1))
    arrays = {
        "E": young,
        "h": size,
        "nu": POISSON,
        "fixed": index[index[:, 2] == 0],
        "F_idx": cap,
        "F": force,
    }
    return arrays, 3 * len(index)


def porous(dofs: float, fraction: float, strut: float, seed: int) -> tuple[dict[str, Any], int]:
    """A cube of struts about ``strut`` voxels thick that fill a fraction of it, in one piece."""
    n = round((dofs / (3.0 * SPREAD_OUT * fraction)) ** (1 / 3))
    field = np.random.default_rng(seed).standard_normal((n, n, n))
    field = ndimage.gaussian_filter(field, strut / 2.0)
    pieces, _ = ndimage.label(field > np.quantile(field, 1.0 - fraction))
    solid = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    index = nodes(solid)
    top = index[index[:, 2] == n]
    arrays = {
        "E": np.where(solid, 10_000.0, 0.0),
        "h": 0.05,
        "nu": POISSON,
        "fixed": index[index[:, 2] == 0],
        "F_idx": top,
        "F": np.tile([0.0, 0.0, -1.0], (len(top), 1)),
    }
    return arrays, 3 * len(index)


def main() -> None:
    """Grid, materials, load, file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--dofs", type=float, help="degrees of freedom, about")
    wanted.add_argument("--size", type=float, help="edge of a voxel, mm")
    parser.add_argument("--out", type=Path, required=True, help=".npz")
    parser.add_argument("--implant", action="store_true", help="a titanium screw in the neck")
    parser.add_argument("--contrast", type=float, help="two materials of this contrast, 1 to 1e6")
    parser.add_argument("--porous", type=float, help="a porous cube of this volume fraction, 0.2 to 0.4")
    parser.add_argument("--strut", type=float, default=4.5, help="its struts in voxels, 3 to 6")
    parser.add_argument("--seed", type=int, default=0, help="of the porous cube")
    asked = parser.parse_args()
    if asked.porous is not None and asked.dofs is None:
        parser.error("--porous needs --dofs")
    size = asked.size or edge_length(asked.dofs)
    if asked.porous is not None:
        arrays, dofs = porous(asked.dofs, asked.porous, asked.strut, asked.seed)
    else:
        arrays, dofs = problem(size, femur.Tissue(asked.implant, asked.contrast))
    np.savez(asked.out, **arrays)
    young = arrays["E"][arrays["E"] > 0.0]
    print(
        f"{asked.out}: {dofs} degrees of freedom, grid {arrays['E'].shape} of {arrays['h']:.3g} mm, "
        f"{young.size} voxels, E {young.min():g} to {young.max():g} MPa, {len(arrays['F'])} nodes loaded"
    )


if __name__ == "__main__":
    main()
