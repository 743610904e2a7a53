"""`manage.py token issue | revoke | key`: credentials from the command line."""

from __future__ import annotations

import getpass
import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q
from django.db.utils import Error as DatabaseError

from accounts.credentials.agent_key import PREFIX
from accounts.models import RevocationKind, User
from accounts.services.actor import Actor
from accounts.services.agent_keys import AUDIENCES, issue_agent_key, revoke_agent_key
from accounts.services.errors import ServiceError
from accounts.services.revocations import revoke
from accounts.services.tokens import NotIssued, issue_token, new_session
from accounts.tokens.errors import CredentialError, KeyConfigurationError
from accounts.tokens.issue import Grant, Issuer
from accounts.tokens.verify import ACCESS_SECONDS, LIFETIME_CAP
from governance.deciding import keys
from governance.engine.principal import TIERS
from governance.models.releases.switch import Switch, SwitchScope
from governance.vault.errors import KeyMaterialError
from governance.vault.master import Purpose


class Command(BaseCommand):
    """Prints the credential and nothing else on standard output; faults go to standard error with exit code 2."""

    help = "Issue and revoke tokens, and make agent keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        issue = actions.add_parser("issue", help="print a signed token")
        issue.add_argument("--principal", required=True, help="id of an active principal")
        issue.add_argument("--agent", help="id of the agent that acts for it")
        issue.add_argument(
            "--audience", default="api", help="api or hook; a server's audience has no door yet (default: api)"
        )
        issue.add_argument(
            "--ttl", type=int, default=ACCESS_SECONDS, help=f"seconds, 1 to {LIFETIME_CAP} (default: {ACCESS_SECONDS})"
        )
        issue.add_argument("--session", help="id of the session (default: a new one)")
        issue.add_argument("--scope", action="append", default=[], help="a tier to lower the token to; repeatable")
        issue.add_argument("--client-id", help="id of the client that the token is for")
        stop = actions.add_parser("revoke", help="shut out a token, session, principal, agent or key")
        stop.add_argument("target", help="jti:ID, session:ID, principal:ID, agent:ID or key:tg_…")
        stop.add_argument("--reason", required=True)
        key = actions.add_parser("key", help="make an agent key and print it, this once")
        key.add_argument("--agent", required=True, help="id of the agent")
        key.add_argument("--principal", required=True, help="id of the principal it acts for")
        key.add_argument("--name", default="", help="where it is used (default: the agent's id)")
        key.add_argument("--scope", action="append", default=[], choices=sorted(TIERS), help="a tier; repeatable")
        key.add_argument("--audience", action="append", choices=AUDIENCES, help="default: api and hook; repeatable")
        key.add_argument(
            "--server",
            action="append",
            default=[],
            help="an MCP server where it is to be good, which has no door yet; repeatable",
        )
        key.add_argument("--network", action="append", default=[], help="as 10.0.0.0/8; repeatable (default: any)")
        key.add_argument("--days", type=int, help="how long it is good (default: no end)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one action; every fault becomes one line on standard error."""
        act = {"issue": self._issue, "revoke": self._revoke, "key": self._key}[options["action"]]
        try:
            with transaction.atomic():
                said = act(Actor.command("token", staff=getpass.getuser()), options)
        except (CredentialError, ServiceError, KeyConfigurationError, KeyMaterialError, ValueError) as error:
            _fail(getattr(error, "reason", None) or str(error) or type(error).__name__)
        except ValidationError as error:
            _fail("; ".join(error.messages))
        except DatabaseError as error:
            _fail(f"the database does not answer: {str(error).strip().splitlines()[0]}")
        if said:
            # After the transaction: a credential whose record was not kept is not handed out.
            self.stdout.write(said)

    @staticmethod
    def _issue(actor: Actor, options: dict[str, Any]) -> str:
        _refuse_while_killed(options["principal"], options["agent"])
        grant = Grant(
            audience=options["audience"],
            ttl=options["ttl"],
            agent=options["agent"],
            session=options["session"] or new_session(),
            scope=tuple(options["scope"]),
            client_id=options["client_id"],
        )
        issued = issue_token(
            actor=actor,
            issuer=Issuer(ring=keys.token_keys(), issuer=settings.TOOLGATE_ISSUER),
            principal=options["principal"],
            grant=grant,
            now=time.time(),
            method="command",
        )
        return issued.token

    @staticmethod
    def _revoke(actor: Actor, options: dict[str, Any]) -> str:
        kind, _, value = options["target"].partition(":")
        if kind not in RevocationKind.values or not value:
            raise ValueError(f"the target is one of {', '.join(f'{kind}:…' for kind in RevocationKind.values)}")
        macs = keys.digests(Purpose.MAC)
        if kind == RevocationKind.KEY and value.startswith(PREFIX):
            revoke_agent_key(actor=actor, macs=macs, public_id=value, reason=options["reason"])
        else:
            revoke(actor=actor, macs=macs, kind=kind, value=value, reason=options["reason"])
        return ""

    @staticmethod
    def _key(actor: Actor, options: dict[str, Any]) -> str:
        days = options["days"]
        key, _ = issue_agent_key(
            actor=actor,
            digests=keys.digests(Purpose.AGENT_KEY_DIGEST),
            name=options["name"] or options["agent"],
            agent=options["agent"],
            principal=options["principal"],
            scopes=options["scope"],
            audiences=options["audience"] or (() if options["server"] else AUDIENCES),
            servers=options["server"],
            networks=options["network"],
            expires_at=datetime.now(UTC) + timedelta(days=days) if days else None,
        )
        return key


def _refuse_while_killed(principal: str, agent: str | None) -> None:
    """No tokens are issued to what a kill switch has stopped."""
    held = User.objects.filter(username=principal).values_list("departments", flat=True).first() or []
    targets = (
        Q(scope=SwitchScope.ALL)
        | Q(scope=SwitchScope.PRINCIPAL, target=principal)
        | Q(scope=SwitchScope.AGENT, target=agent or "")
        | Q(scope=SwitchScope.DEPARTMENT, target__in=held)
    )
    live = Q(lifted_at=None) & (Q(until=None) | Q(until__gt=datetime.now(UTC)))
    switch = Switch.objects.filter(targets & live).order_by("epoch").first()
    if switch is not None:
        raise NotIssued(f"kill_switch.on: {switch.get_scope_display()} {switch.target}".rstrip())


def _fail(reason: str) -> NoReturn:
    raise CommandError(reason, returncode=2)
