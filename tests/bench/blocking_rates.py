"""How many dangerous calls are refused and how many look-alikes are.

`python -m tests.bench.blocking_rates` prints the table of docs/blocklist.md.
"""

from __future__ import annotations

from typing import Any

from governance.engine.blocking import Blocklist
from tests.governance.engine.blocking.corpus import dangerous, harmless, unseen


def main() -> None:
    """Print one row a kind: calls, refused, and the share."""
    blocklist = Blocklist.compile()
    sets: dict[str, list[tuple[str, dict[str, Any]]]] = {
        f"dangerous, {kind}": calls for kind, calls in dangerous.calls().items()
    }
    sets["dangerous, written after tuning"] = unseen.dangerous()
    sets |= {f"harmless, {kind}": calls for kind, calls in harmless.calls().items()}
    sets["harmless, written after tuning"] = unseen.harmless()
    print("| set | calls | refused | share |\n|---|---|---|---|")
    for name, calls in sets.items():
        refused = sum(bool(blocklist.match("tool", entity, arguments)) for entity, arguments in calls)
        print(f"| {name} | {len(calls)} | {refused} | {100 * refused / len(calls):.1f} % |")


if __name__ == "__main__":
    main()
