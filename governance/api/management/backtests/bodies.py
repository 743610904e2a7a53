"""What is sent to ask for a backtest."""

from __future__ import annotations

from governance.api.management.door.fields import WholeField
from governance.api.management.door.serializers import Body
from governance.services.replaying.backtest_runs import MOST_DAYS


class BacktestBody(Body):
    """How far back it goes."""

    days = WholeField(default=7, described={"minimum": 1, "maximum": MOST_DAYS})
