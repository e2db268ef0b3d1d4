"""How voxel grids lie in memory, and the names of the tables' columns and of a cycle's steps.

A grid is stored by rows along its last axis, and planes of rows along its first. Each row
keeps its own range of nodes, in pieces of `PAD`, so that void beside the bone costs
nothing; a voxel has the place of its lowest node. Voxel rows add to their four rows of
nodes in a fixed order, so that sums do not depend on how planes are shared out.

Tables
------
info (4,) : `SIZE` the number of nodes in storage, `PLANES`, `ROWS` of nodes per plane, `PIECES`.
rows (n, 5) : place of node 0 of each row (which may lie before it), first node and number of
    nodes of its voxels, number and first of its own nodes.
planes (n, 2) : where each plane starts, and its first special node.
pieces : planes at which pieces of work begin.
"""

PAD = 16
START, SMOOTH, RESIDUAL, RESTRICT, SOLVE, PROLONG = range(6)
X, OTHER, RIGHT, REST = range(4)
SIZE, PLANES, ROWS, PIECES = range(4)
