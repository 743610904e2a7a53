"""A process like web: appends decisions to a real journal and acknowledges each by a line `boot n digest`, after it."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from audit.writing.journal import AuditUnavailable
from tests.audit.builders import decision, journal


def main(folder: Path, acknowledged: Path, per_second: float) -> None:
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    answers = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    writer = journal(folder, segment_bytes=256 * 1024)
    due = time.monotonic()
    while not stopped:
        try:
            receipt = writer.append(decision(f"p{os.getpid()}"))
        except AuditUnavailable:
            time.sleep(0.01)
            continue
        os.write(answers, f"{receipt.boot} {receipt.n} {receipt.digest}\n".encode())
        due = max(due + 1 / per_second, time.monotonic() - 0.05)
        time.sleep(max(0.0, due - time.monotonic()))
    writer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
