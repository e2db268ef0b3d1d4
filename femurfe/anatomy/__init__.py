"""Bones: parametric, from shape models, from surfaces; their landmarks, axes, tissue."""
