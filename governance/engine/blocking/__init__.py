"""Layer 3: what nobody may call, reach, run, query, read or pass, whatever the rules say."""

from __future__ import annotations

from governance.engine.blocking.blocklist import Blocklist, shipped_entries
from governance.engine.blocking.data_sources import DataSourcePatterns
from governance.engine.blocking.entry import CODES, UNREADABLE, BlocklistError, Entry, EntryProblem, Hit
from governance.engine.blocking.examples import entry_problems

__all__ = [
    "CODES",
    "UNREADABLE",
    "Blocklist",
    "BlocklistError",
    "DataSourcePatterns",
    "Entry",
    "EntryProblem",
    "Hit",
    "entry_problems",
    "shipped_entries",
]
