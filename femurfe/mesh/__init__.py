"""Meshes: the value, its making, its checks, its files."""
