"""Named points at which the fault tests kill a process: `AUDIT_CRASH_AT=journal.written:3` dies at the third pass.

Nothing happens unless that variable was set when the process started.
"""

from __future__ import annotations

import os
import signal

_name, _, _count = os.environ.get("AUDIT_CRASH_AT", "").partition(":")
ARMED = bool(_name)
_left = int(_count or "1") if ARMED else 0


def crash_point(name: str) -> bool:
    """Kill this process (SIGKILL) when `name` is the armed point and it is passed often enough.

    `journal.mid_frame` only reports True, since half a frame has to be written first.
    """
    global _left
    if name != _name:
        return False
    _left -= 1
    if _left > 0:
        return False
    if name != "journal.mid_frame":
        os.kill(os.getpid(), signal.SIGKILL)
    return True
