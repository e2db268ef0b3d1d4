"""Finite elements on arrays: assembly, constraints, solvers; knows no bone."""
