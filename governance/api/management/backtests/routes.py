"""Where backtests are."""

from __future__ import annotations

from governance.api.management.backtests.views import BacktestsView, BacktestView
from governance.api.management.door.documents import NUMBER, route

backtest_routes = [
    route("draft/backtests", "draft-backtests", BacktestsView),
    route(rf"draft/backtests/(?P<key>{NUMBER})", "draft-backtest-one", BacktestView),
]
