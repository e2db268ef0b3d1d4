"""How voxel grids lie in memory, and the names of the tables' columns and of a cycle's steps.

A grid is stored by rows along its last axis, and planes of rows along its first. Each row
keeps its own range of nodes, in pieces of a few, so that void beside the bone costs
nothing; a voxel has the place of its lowest node. A vector holds three components one after
the other, and of each, place after place, one number per load: the loads of a place are
neighbours in the processor's vectors. Voxel rows add to their four rows of
nodes in a fixed order, so that sums do not depend on how planes are shared out.

Tables
------
info (4,) : `SIZE` the number of nodes in storage, `PLANES`, `ROWS` of nodes per plane, `PIECES`.
rows (n, 5) : place of node 0 of each row (which may lie before it), first node and number of
    nodes of its voxels, number and first of its own nodes.
planes (n, 2) : where each plane starts, and its first special node.
pieces : planes at which pieces of work begin.
"""

PAD, SPARE = 16, 64


def pad_for(loads: int) -> int:
    """Nodes in a piece of a row: their numbers for all loads fill the longest vector."""
    return max(PAD // loads, 1)


START, SMOOTH, RESIDUAL, RESTRICT, SOLVE, PROLONG = range(6)
X, OTHER, RIGHT, REST = range(4)
SIZE, PLANES, ROWS, PIECES = range(4)
