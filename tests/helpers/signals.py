"""Signals of processes that tests start."""

import os
import signal


def _defaults():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


# What `subprocess.Popen` takes as ``preexec_fn``: the child takes signals as from a terminal, also where the
# tests were started to ignore some, as by nohup or in the background of a shell script.
AS_FROM_A_TERMINAL = _defaults if os.name == "posix" else None
