"""The directory as it stands: that of the running process, else read from the database."""

from __future__ import annotations

import time

from accounts.directory.live import DirectoryState, LiveDirectory
from governance.deciding import keys, startup
from governance.vault.master import Purpose


def directory_now() -> DirectoryState:
    """The principals of this moment, as calls are decided with them."""
    try:
        return startup.current().directory.state
    except RuntimeError:
        pass
    directory = LiveDirectory(macs=keys.digests(Purpose.MAC))
    directory.refresh(time.time())
    return directory.state
