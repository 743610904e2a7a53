"""The rule cache, and a process that must not start without its rules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import kingfisher_sdk
import pytest

from governance.engine.detection.matching import broad as module
from governance.engine.detection.matching.broad import BroadRulesError, broad
from governance.engine.detection.prewarm import main

_IMPORT = "import sys; sys.modules['kingfisher_sdk'] = None; import governance.engine.detection"
_PURE = "import governance.engine.detection, sys; assert not any(n.split('.')[0] == 'django' for n in sys.modules)"


def test_prewarm_fills_a_private_cache_that_a_process_then_loads(tmp_path: Path) -> None:
    cache = tmp_path / "rules"
    assert main([str(cache)]) == 0
    assert cache.stat().st_mode & 0o777 == 0o700
    program = "from governance.engine.detection.matching.broad import broad; print(broad().cache_status)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "KF_RULE_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "loaded"


def test_prewarm_says_when_the_directory_is_not_usable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert main([str(blocked / "below")]) == 1
    assert "prewarm:" in capsys.readouterr().err


def test_detection_does_not_import_without_the_broad_rules() -> None:
    done = subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "kingfisher_sdk" in done.stderr


def test_detection_loads_no_django() -> None:
    subprocess.run([sys.executable, "-c", _PURE], check=True)


def test_rules_that_do_not_compile_or_are_too_few_refuse_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> object:
        raise ValueError("no such rule")

    monkeypatch.setattr(kingfisher_sdk, "Rules", broken)
    with pytest.raises(BroadRulesError, match="do not compile"):
        broad.__wrapped__()
    monkeypatch.undo()
    monkeypatch.setattr(module, "LEAST_RULES", 10**6)
    with pytest.raises(BroadRulesError, match="only"):
        broad.__wrapped__()
