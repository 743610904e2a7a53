"""Staff roles over the API: who holds which, giving and taking them."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.models import StaffGrant
from accounts.services import directory
from governance.api.management.door.documents import PAGED, documented
from governance.api.management.door.door import ManagementView
from governance.api.management.door.pages import page, row_of
from governance.api.management.door.serializers import page_answer
from governance.api.management.people.answers import StaffGrantAnswer
from governance.api.management.people.bodies import GrantBody


class StaffGrantsView(ManagementView):
    """Every staff role that anybody holds, and a new one."""

    @documented("staff-grants_list", "Staff roles that people hold", page_answer(StaffGrantAnswer), parameters=PAGED)
    def get(self, request: Request) -> HttpResponse:
        """Oldest first."""
        self.require(request, "accounts.view_staffgrant")
        rows = StaffGrant.objects.select_related("user", "stand_in_for")
        return page(self, request, rows, StaffGrantAnswer.of, about="staff-grants")

    @documented("staff-grants_create", "Give somebody a staff role", StaffGrantAnswer, 409, body=GrantBody, status=201)
    def post(self, request: Request) -> HttpResponse:
        """In force at once, until `valid_until` where it is given."""
        self.require(request, "accounts.add_staffgrant")
        grant = StaffGrant(**GrantBody.read(self.body(request)))
        directory.grant_role(actor=self.actor(request), grant=grant)
        return self.reply(StaffGrantAnswer.of(grant), status=201, location=f"/api/v1/staff-grants/{grant.pk}")


class StaffGrantView(ManagementView):
    """One staff role that somebody holds."""

    @documented("staff-grants_remove", "Take a staff role away", None, 404, 409, status=204)
    def delete(self, request: Request, key: str) -> HttpResponse:
        """The last owner stays."""
        self.require(request, "accounts.delete_staffgrant")
        grant = row_of(StaffGrant.objects.all(), pk=int(key))
        directory.revoke_grant(actor=self.actor(request), grant=grant)
        return self.reply(None, status=204)
