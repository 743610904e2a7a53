"""Captured payloads over the API: opened for auditors, for a reason, recorded first."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.management.door.documents import documented
from governance.api.management.door.door import ManagementView, running
from governance.api.management.door.problems import not_found
from governance.api.management.records.answers import OpenedPayloadAnswer
from governance.api.management.records.bodies import OpeningBody
from governance.deciding import keys
from governance.services.payloads import open_payload, openable


class PayloadView(ManagementView):
    """What one record captured of a call's arguments or result."""

    @documented(
        "records_open_payload",
        "Open a captured payload",
        OpenedPayloadAnswer,
        404,
        409,
        body=OpeningBody,
    )
    def post(self, request: Request, record: str) -> HttpResponse:
        """For auditors alone, in the reach of their grant. Who opened it and why is a record before the answer is.

        The answer is 503 where that record cannot be made durable, and where this process does not hold the private
        half of `TOOLGATE_CAPTURE_KEY`.
        """
        body = self.body(request)
        try:
            record_id = UUID(record)
        except ValueError:
            raise not_found() from None
        actor = self.actor(request)
        openable(actor, record_id)
        opened = open_payload(
            actor=actor,
            record_id=record_id,
            reason=OpeningBody.read(body)["reason"],
            door="api",
            ring=keys.capture_keys(),
            journal=running().journal,
        )
        return self.reply(OpenedPayloadAnswer.of(opened))
