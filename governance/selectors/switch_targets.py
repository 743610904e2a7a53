"""What a kill switch can be for, by id, and what it stops."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property

from django.db.models import Count, Q, QuerySet

from accounts.models import Department, User
from audit.models.trail import TrailRecord
from governance.engine.document.policy import PolicyDocument
from governance.engine.principal import ANONYMOUS
from governance.models import Agent, Server, Tool
from governance.models.releases.switch import Switch, SwitchScope
from governance.selectors.policy_versions import ReleaseAltered, Which, asked_version
from governance.vault.errors import KeyMaterialError

MOST_NEAREST = 3
COUNTED_BACK = timedelta(days=1)
"""How far back denied calls are counted."""
_MOST_COMPARED = 5_000
_ALIKE = 0.6  # of difflib's ratio: two letters swapped are well above it, another word below


class SwitchTargets:
    """The ids that calls can name: of the release in force, of the draft, and of the directory.

    It reads what it needs, once; make one for each question. A release that cannot be believed counts for nothing
    here: a stop must not wait for it.
    """

    def is_known(self, scope: SwitchScope, target: str) -> bool:
        """Whether anything of this id exists, so that a switch for it can stop something."""
        match scope:
            case SwitchScope.ALL:
                return True
            case SwitchScope.PRINCIPAL:
                return target == ANONYMOUS.id or User.objects.filter(username=target).exists()
            case SwitchScope.AGENT:
                return Agent.objects.filter(slug=target).exists() or target in self._released.get("agents", {})
            case SwitchScope.DEPARTMENT:
                return target in self._departments or self._members(target).exists()
            case SwitchScope.SERVER:
                return Server.objects.filter(slug=target).exists() or target in self._released.get("servers", {})
            case SwitchScope.TOOL:
                server, _, tool = target.partition("/")
                drafted = Tool.objects.filter(server_id=server, own_name=tool)
                return drafted.exists() or tool in self._released_tools(server)

    def nearest(self, scope: SwitchScope, target: str) -> tuple[str, ...]:
        """Known ids that look like this one, most alike first, at most `MOST_NEAREST`; a tool's are its server's."""
        folded: dict[str, str] = {}
        for name in self._names(scope, target):
            folded.setdefault(name.casefold(), name)
        found = difflib.get_close_matches(target.casefold(), folded, n=MOST_NEAREST, cutoff=_ALIKE)
        return tuple(folded[name] for name in found)

    def stopped(self, scope: SwitchScope, target: str) -> str:
        """What a switch for this stops, in words."""
        if scope is not SwitchScope.ALL and not self.is_known(scope, target):
            return f"nothing yet: no {scope} {target} is known"
        match scope:
            case SwitchScope.ALL:
                return "every call"
            case SwitchScope.PRINCIPAL:
                return f"every call of {target} and on behalf of {target}, through any agent"
            case SwitchScope.AGENT:
                owner = self._owner(target)
                return f"every call through agent {target}{f', which {owner} owns' if owner else ''}, and to it"
            case SwitchScope.DEPARTMENT:
                return f"every call of {_counted(self._members(target).count(), 'principal')} in department {target}"
            case SwitchScope.SERVER:
                return f"every call to {_counted(len(self._tools(target)), 'tool')} of server {target}"
            case SwitchScope.TOOL:
                return f"every call to tool {target}"

    def _names(self, scope: SwitchScope, target: str) -> Iterable[str]:
        match scope:
            case SwitchScope.ALL:
                return ()
            case SwitchScope.PRINCIPAL:
                alike = Q(username__istartswith=target[:1]) | Q(username__icontains=target)
                return User.objects.filter(alike).values_list("username", flat=True).order_by()[:_MOST_COMPARED]
            case SwitchScope.AGENT:
                return {*Agent.objects.values_list("slug", flat=True), *self._released.get("agents", {})}
            case SwitchScope.DEPARTMENT:
                named = User.objects.exclude(departments=[]).values_list("departments", flat=True).order_by().distinct()
                return self._departments.union(*named.iterator())
            case SwitchScope.SERVER:
                return self._servers
            case SwitchScope.TOOL:
                server = target.partition("/")[0]
                servers = [server] if server in self._servers else self._servers
                return [f"{one}/{tool}" for one in servers for tool in self._tools(one)]

    def _members(self, department: str) -> QuerySet[User]:
        """The principals of a department, which need not be defined."""
        return User.objects.filter(departments__contains=[department])

    def _owner(self, agent: str) -> str | None:
        """Who answers for an agent: what is in force says so before the draft does."""
        released = self._released.get("agents", {}).get(agent)
        if released is not None:
            return released["owner"]
        return Agent.objects.filter(slug=agent).values_list("owner", flat=True).first()

    def _tools(self, server: str) -> set[str]:
        drafted = Tool.objects.filter(server_id=server).values_list("own_name", flat=True)
        return {*drafted, *self._released_tools(server)}

    def _released_tools(self, server: str) -> Iterable[str]:
        return self._released.get("servers", {}).get(server, {}).get("tools", {})

    @cached_property
    def _released(self) -> PolicyDocument:
        try:
            return asked_version(Which.CURRENT).document
        except (ReleaseAltered, KeyMaterialError):
            return {"toolgate": 1}

    @cached_property
    def _servers(self) -> set[str]:
        return {*Server.objects.values_list("slug", flat=True), *self._released.get("servers", {})}

    @cached_property
    def _departments(self) -> set[str]:
        return {*Department.objects.values_list("slug", flat=True), *self._released.get("departments", {})}


def denied_lately(switches: Iterable[Switch], *, now: datetime | None = None) -> dict[int, int]:
    """How many calls each switch has denied in the last day, as far as they are in the trail."""
    since = (now or datetime.now(tz=UTC)) - COUNTED_BACK
    by_rule = {str(switch.pk): switch.pk for switch in switches}
    if not by_rule:
        return {}
    counts = (
        TrailRecord.objects.filter(effect="deny", code="kill_switch.on", rule__in=by_rule, at__gte=since)
        .order_by()
        .values_list("rule")
        .annotate(calls=Count("id"))
    )
    return {by_rule[rule]: calls for rule, calls in counts if rule is not None}


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
