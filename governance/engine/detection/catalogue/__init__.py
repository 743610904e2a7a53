"""The built-in detectors, as data, by the family of what they open."""

from __future__ import annotations

from governance.engine.detection.catalogue import (
    ai,
    business,
    chat,
    ci,
    cloud,
    databases,
    keys,
    monitoring,
    payment,
    registries,
    source,
    tokens,
)
from governance.engine.detection.detector import Detector

DETECTORS: tuple[Detector, ...] = (
    *cloud.DETECTORS,
    *source.DETECTORS,
    *chat.DETECTORS,
    *payment.DETECTORS,
    *ai.DETECTORS,
    *registries.DETECTORS,
    *databases.DETECTORS,
    *ci.DETECTORS,
    *monitoring.DETECTORS,
    *business.DETECTORS,
    *keys.DETECTORS,
    *tokens.DETECTORS,
)

__all__ = ["DETECTORS"]
