"""Measuring: problems from outside solved and timed, the machine's limits, peers."""
