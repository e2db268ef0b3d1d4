"""Supports and loads, and the library of load cases."""
