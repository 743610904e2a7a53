"""The console's first page: what happens, what is in force, what is off."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.response import TemplateResponse

from governance.console.pages.page import person, sees_all, show
from governance.console.pages.traffic import traffic_of_a_day
from governance.models import ReleaseProposal
from governance.models.releases.release import ProposalStatus
from governance.selectors.policy_versions import newest_release
from governance.selectors.switches import live_switches


def overview(request: HttpRequest) -> TemplateResponse:
    """Numbers of the last day with the lists behind them, the release, switches, and what does not protect."""
    user = person(request)
    release = newest_release() if user.has_perm("governance.view_release") else None
    traffic = traffic_of_a_day() if sees_all(request, "audit.view_decision") else None
    return show(
        request,
        "console/overview.html",
        title="Overview",
        traffic=traffic,
        tops=[
            ("Most denied tools", traffic.tools),
            ("Most denied agents", traffic.agents),
            ("What denied most", traffic.rules),
        ]
        if traffic is not None
        else [],
        release=release,
        switches=list(live_switches()) if user.has_perm("governance.view_switch") else [],
        proposals=ReleaseProposal.objects.filter(status=ProposalStatus.OPEN).count(),
    )
