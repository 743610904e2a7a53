"""Who-can and what-can: rights by layer 1, a page at a time; questions that change nothing, charged and recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.door.exchange import Problem
from governance.api.management.door.door import running
from governance.api.management.questions.answers import RightsAnswer
from governance.api.management.questions.asked import Asked, asked_of
from governance.api.management.questions.bodies import WhatCanBody, WhoCanBody
from governance.api.management.questions.door import QuestionView, question
from governance.engine.asking.posed_caller import PosedCaller
from governance.engine.asking.questions import Right, right, what_can, who_can, who_can_ever
from governance.engine.call import Call
from governance.engine.principal import ANONYMOUS, Caller

CHUNK = 32  # principals weighed before other threads get a turn


class WhoCanView(QuestionView):
    """Everybody whom layer 1 lets make a call."""

    @question("who_can", "Who can do this", RightsAnswer, body=WhoCanBody)
    def post(self, request: Request) -> HttpResponse:
        """By layer 1. Without `arguments` whatever they are: `conditional` says that they decide."""
        self.require_staff(request)
        body = self.body(request)
        said = WhoCanBody.read(body)
        asked = asked_of(running(), policy=said["policy"], at=said["at"])
        call, agent, limit = said["call"], said["agent"], said["limit"]
        open_call = "arguments" not in body["call"]
        found: list[Right] = []
        for one in _rights(asked, call, agent, after=said["after"] or "", open_call=open_call):
            found.append(one)
            if len(found) > limit:
                break
        self.record(request, "who-can", asked, Caller(principal=ANONYMOUS, agent=agent), call)
        following = found[limit - 1].principal if len(found) > limit else None
        return self.reply(RightsAnswer.of({"rights": found[:limit], "next": following}))


class WhatCanView(QuestionView):
    """Everything on somebody's surface, with what they may do there."""

    @question("what_can", "What somebody can do", RightsAnswer, body=WhatCanBody)
    def post(self, request: Request) -> HttpResponse:
        """With `entity` that one cell, with the rules that grant or block it."""
        self.require_staff(request)
        said = WhatCanBody.read(self.body(request))
        asked = asked_of(running(), policy=said["policy"], at=said["at"])
        caller = PosedCaller(principal=said["principal"], agent=said["agent"]).caller(asked.world.directory)
        self.record(request, "what-can", asked, caller, None)
        limit, cell = said["limit"], said.get("entity")
        if cell is not None:
            entity = asked.snapshot.entity(cell.kind, cell.entity)
            if entity is None:
                raise Problem(404, "entity.unknown", "There is no such entity in that policy.", path="/entity")
            rights: Sequence[Right] = (right(asked.snapshot, asked.world, caller, entity, now=asked.now),)
        else:
            rights = what_can(asked.snapshot, asked.world, caller, now=asked.now)
        rest = sorted((one for one in rights if _cell(one) > said["after"]), key=_cell)
        following = _cell(rest[limit - 1]) if len(rest) > limit else None
        return self.reply(RightsAnswer.of({"rights": rest[:limit], "next": following}))


def _cell(one: Right) -> str:
    return f"{one.kind}:{one.id}"


def _rights(asked: Asked, call: Call, agent: str | None, *, after: str, open_call: bool) -> Iterator[Right]:
    directory = asked.world.directory
    names = sorted({*directory, ANONYMOUS.id})
    for number, name in enumerate(name for name in names if name > after):
        if number % CHUNK == CHUNK - 1:
            time.sleep(0)
        caller = PosedCaller(principal=name, agent=agent).caller(directory)
        if open_call:
            yield from who_can_ever(asked.snapshot, asked.world, (caller,), call.kind, call.entity, now=asked.now)
        else:
            yield from who_can(asked.snapshot, asked.world, (caller,), call, now=asked.now)
