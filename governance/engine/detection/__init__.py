"""Secret detection: one scanning function for every door."""

from __future__ import annotations

from governance.engine.detection.detector import DetectorError
from governance.engine.detection.finding import Finding, Scan
from governance.engine.detection.redaction import REDACTED, redact
from governance.engine.detection.scanner import BUILTIN, Scanner

__all__ = ["BUILTIN", "REDACTED", "DetectorError", "Finding", "Scan", "Scanner", "redact"]
