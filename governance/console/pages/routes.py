"""Every page of the console, in the order of the navigation."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.urls import URLPattern, path

from audit.trace.reach import PAYLOADS
from governance.console.pages import access, payload, simulator, switches, try_box
from governance.console.pages.page import Page, View
from governance.console.pages.releasing import putting_back, releases, review


def _page(at: str, name: str, title: str, permission: str, view: View, *, listed: bool = True) -> Page:
    return Page(path=at, name=name, title=title, permission=f"governance.{permission}", view=view, listed=listed)


_PAYLOAD = Page(
    path="trail/<uuid:record_id>/payload/",
    name="payload",
    title="Open a captured payload",
    permission=PAYLOADS,
    view=payload.payload,
    listed=False,
)


PAGES: tuple[Page, ...] = (
    _page("review/", "review", "Review and publish", "view_draftstate", review.review),
    _page("review/comment/", "comment", "Comment on the draft", "add_draftcomment", review.comment, listed=False),
    _page("review/backtest/", "backtest", "Backtest the draft", "view_draftstate", review.backtest, listed=False),
    _page("draft/discard/", "discard", "Discard the draft", "view_draftstate", putting_back.discard, listed=False),
    _page("draft/take-back/", "take-back", "Take back a change", "view_draftstate", putting_back.taken, listed=False),
    _page(
        "releases/<int:number>/draft/",
        "restore",
        "Make the draft a release",
        "view_draftstate",
        putting_back.restore,
        listed=False,
    ),
    _page("releases/", "releases", "Releases", "view_release", releases.releases),
    _page("releases/<int:number>/rollback/", "rollback", "Roll back", "view_release", releases.rollback, listed=False),
    _page(
        "proposals/<int:proposal_id>/", "proposal", "Proposal", "view_releaseproposal", releases.proposal, listed=False
    ),
    _page("kill-switch/", "switches", "Kill switch", "view_switch", switches.switches),
    _page("kill-switch/<int:switch_id>/lift/", "lift", "Lift a switch", "view_switch", switches.lift, listed=False),
    _page("simulator/", "simulator", "Simulator", "view_rule", simulator.simulator),
    _page("access/", "access", "Who can, what can", "view_rule", access.access),
    _PAYLOAD,
    _page("try/", "try", "Try detectors and blocklist", "view_blocklistentry", try_box.try_box),
)


def page_urls(site: AdminSite) -> list[URLPattern]:
    """The routes of all pages, for people who are signed in as staff."""
    return [path(page.path, site.admin_view(page), name=page.name) for page in PAGES]
