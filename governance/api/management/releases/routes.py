"""Where releases and proposals are."""

from __future__ import annotations

from governance.api.management.door.documents import NUMBER, route
from governance.api.management.releases import proposals, views

_RELEASE = rf"releases/(?P<key>{NUMBER})"
_PROPOSAL = rf"proposals/(?P<key>{NUMBER})"

release_routes = [
    route("releases", "releases", views.ReleasesView),
    route(_RELEASE, "release", views.ReleaseView),
    route(f"{_RELEASE}/document", "release-document", views.ReleaseDocumentView),
    route(f"{_RELEASE}/diff", "release-diff", views.ReleaseDiffView),
    route(f"{_RELEASE}/rollback", "release-rollback", views.RollbackView),
    route("proposals", "proposals", proposals.ProposalsView),
    route(_PROPOSAL, "proposal", proposals.ProposalView),
    route(f"{_PROPOSAL}/diff", "proposal-diff", proposals.ProposalDiffView),
    route(f"{_PROPOSAL}/approve", "proposal-approve", proposals.ApproveView),
    route(f"{_PROPOSAL}/refuse", "proposal-refuse", proposals.RefuseView),
    route(f"{_PROPOSAL}/withdraw", "proposal-withdraw", proposals.WithdrawView),
]
