"""The detectors as data: every one is tested against its own examples."""

from __future__ import annotations

import pytest

from governance.engine.detection import Scanner
from governance.engine.detection.catalogue import DETECTORS
from governance.engine.detection.detector import Detector, expand, longest, pattern_of, shortest
from governance.engine.detection.matching.broad import broad
from governance.engine.detection.matching.matcher import builtin


def test_there_are_at_least_two_hundred_credential_formats() -> None:
    assert len(DETECTORS) >= 200
    assert len({detector.id for detector in DETECTORS}) == len(DETECTORS)
    assert len(broad().ids) >= 400


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.id)
def test_a_detector_holds_its_examples(detector: Detector, scanner: Scanner) -> None:
    for text, wanted in detector.examples():
        found = {finding.detector for finding in scanner.scan({"text": text}).findings}
        if wanted:
            assert found, text
        else:
            assert detector.id not in found, text


def test_most_detectors_name_their_own_format(scanner: Scanner) -> None:
    named = sum(
        any(finding.detector == detector.id for finding in scanner.scan(text).findings)
        for detector in DETECTORS
        for text, wanted in list(detector.examples())[:1]
        if wanted
    )
    assert named >= 0.9 * len(DETECTORS)


def test_a_shape_gives_a_pattern_and_an_instance() -> None:
    assert pattern_of("ab-{h:4}{w:2-3}{d:1+}") == r"ab\-[0-9a-f]{4}[A-Za-z0-9]{2,3}[0-9]{1,}"
    assert len(expand("ab-{h:4}", "x")) == 7
    assert expand("{w:30}", "x") == expand("{w:30}", "x") != expand("{w:30}", "y")
    assert (shortest("ab{h:4}{w:2-3}"), longest("ab{h:4}{w:2-3}", 99), longest("{d:1+}", 99)) == (8, 9, 99)


def test_the_set_of_anchors_compiles_to_what_it_was_given() -> None:
    matcher = builtin()
    assert matcher.anchors.size == len(matcher.contexts) + len(matcher.tries)
    assert matcher.dense.size == len(matcher.dense_tries)
