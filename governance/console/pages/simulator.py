"""The simulator: one call, decided by what is in force and by the draft, with every reason. It spends nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from governance.console.credentials import scanned
from governance.console.pages.asking import CallForm
from governance.console.pages.page import person, show
from governance.console.pages.question import world_now
from governance.engine.asking.explain import Explanation, explain
from governance.engine.call import Call
from governance.engine.decision import LayerResult
from governance.engine.detection.redaction import redact
from governance.engine.principal import Caller
from governance.engine.world import World
from governance.models import Agent, Tool
from governance.policy.document.errors import PolicyError, PolicyErrors
from governance.selectors.policy_versions import PolicyVersion, Which, asked_version, draft_version

OFFERED = 300
RULES_SHOWN = 40
"""Rules that one answer shows, as the template cuts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One policy's answer. `explanation` None: the policy cannot be used, and `faults` say why."""

    policy: str
    explanation: Explanation | None = None
    faults: tuple[PolicyError, ...] = ()

    @property
    def left_out(self) -> int:
        """Rules that name the entity and are not shown."""
        if self.explanation is None:
            return 0
        return max(0, len(self.explanation.considered) - RULES_SHOWN) + self.explanation.omitted

    @property
    def layers(self) -> Iterable[tuple[LayerResult, bool]]:
        """Each layer, and whether it decided."""
        if self.explanation is None:
            return []
        decided = self.explanation.decision.layer
        return [(layer, layer.layer == decided) for layer in self.explanation.decision.layers]


def simulator(request: HttpRequest) -> HttpResponse:
    """Ask; the call travels in the body, so that its arguments are in no log and no history of a browser."""
    user = person(request)
    form = CallForm(request.POST if request.method == "POST" else None, initial=_linked(request))
    answers: list[Answer] = []
    if request.method == "POST" and form.is_valid():
        world = world_now()
        answers = answers_to(
            form.caller(world.directory),
            form.call(),
            world=world,
            draft=user.has_perm("governance.view_draftstate"),
        )
    if request.method == "POST":
        _forget_credentials(form)
    return show(
        request,
        "console/simulator.html",
        title="Simulator",
        form=form,
        answers=answers,
        differ=len({_gist(answer) for answer in answers}) > 1,
        offered=offered(),
    )


def _forget_credentials(form: CallForm) -> None:
    """Put no credential back into the page that was asked about one."""
    text = str(form.data.get("arguments", ""))
    arguments = form.cleaned_data.get("arguments")
    scan = scanned(arguments if isinstance(arguments, dict) else {"text": text})
    if scan is None or (scan.complete and not scan.findings):
        return
    kept = redact(arguments, scan.findings) if isinstance(arguments, dict) and scan.complete else {}
    form.data = {**form.data, "arguments": json.dumps(kept, indent=2) if kept else ""}


def answers_to(caller: Caller, call: Call, *, world: World, draft: bool) -> list[Answer]:
    """What is in force, then the draft where it is asked for."""
    now = time.time()
    answers: list[Answer] = []
    current = asked_version(Which.CURRENT)
    if current.nothing_released:
        answers.append(Answer(policy="nothing published yet: every call is denied"))
    else:
        answers.append(_answer(current, world, caller, call, now))
    if draft:
        try:
            answers.append(_answer(draft_version(), world, caller, call, now))
        except PolicyErrors as faults:
            answers.append(Answer(policy="draft", faults=tuple(faults.errors[:20])))
    return answers


def offered() -> dict[str, list[str]]:
    """Ids that are offered while somebody types."""
    tools = Tool.objects.order_by("server", "own_name").values_list("server_id", "own_name")[:OFFERED]
    return {
        "known_entities": [f"{server}/{tool}" for server, tool in tools],
        "known_agents": list(Agent.objects.order_by("slug").values_list("slug", flat=True)[:OFFERED]),
    }


def _answer(policy: PolicyVersion, world: World, caller: Caller, call: Call, now: float) -> Answer:
    return Answer(policy=policy.name, explanation=explain(policy.snapshot, world, caller, call, now=now))


def _gist(answer: Answer) -> tuple[str | None, ...]:
    if answer.explanation is None:
        return (answer.policy,)
    decision = answer.explanation.decision
    return (decision.effect.value, decision.code, decision.rule)


def _linked(request: HttpRequest) -> dict[str, str]:
    """What a link from another page fills in: never arguments."""
    return {name: request.GET[name][:260] for name in ("principal", "agent", "entity") if name in request.GET}
