"""Puts the folder of the tests on the path for ``helpers``, and keeps linear algebra on one core.

Workers of one machine that each start all threads, or processes that compile, only wait for each other.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("FEMURFE_HELPERS", "0")
