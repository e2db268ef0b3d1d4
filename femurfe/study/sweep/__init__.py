"""Sweeps: many cases of one study, each kept as it is done, and gone on with where they stopped."""
