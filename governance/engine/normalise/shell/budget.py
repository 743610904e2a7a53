"""How much reading one call is worth: steps and depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_DEPTH: Final = 8
"""How deep substitutions, `bash -c` and decoded payloads are followed."""


class TooComplexError(Exception):
    """The text needs more steps, or nests deeper, than a decision may spend."""


@dataclass(slots=True)
class Budget:
    """Steps left for one call; a step is one fragment of a word (about a microsecond)."""

    steps: int = 4_500

    def spend(self, steps: int = 1) -> None:
        """Use up steps; TooComplexError when there are none left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooComplexError
