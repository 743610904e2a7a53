"""The guard of one process: matcher, bans and what is recorded of them, behind one question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from accounts.credentials.networks import Network, is_within
from accounts.credentials.presented import RawHeaders
from accounts.credentials.proxy import SIGNATURE
from accounts.guard.bans import MINUTE, BanTable, Refusals
from accounts.guard.lists import GuardLists
from accounts.guard.matcher import ScannerMatcher
from accounts.guard.network import network_of

BANNED = "guard.ban"

HEALTH: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""What an operator's probes ask for: a ban never hits it, or a neighbour's scanner would take the process down."""


class ScannerGuard:
    """Refuses what a scanner asks for, whoever asks, before authentication; answered by 403 without a body.

    `tell` receives what is to be recorded, `lists` gives the lists as they stand, `vouches` says whether a request's
    credential is valid. A ban never hits the health routes, a trusted proxy, one that vouches for a user, nor a request
    whose credential is valid.
    """

    def __init__(
        self,
        *,
        tell: Callable[[Refusals], None],
        lists: Callable[[], GuardLists] = GuardLists,
        trusted: Sequence[Network] = (),
        vouches: Callable[[RawHeaders, float], bool] = lambda headers, now: False,
    ) -> None:
        self._tell = tell
        self._lists = lists
        self._trusted = tuple(trusted)
        self._vouches = vouches
        self._matcher = ScannerMatcher(lists())
        self._bans = BanTable(self._matcher.lists)
        self._told_at = float("-inf")

    def _in_force(self) -> ScannerMatcher:
        """The matcher of the lists as they stand now; bans stay when the lists change."""
        lists = self._lists()
        if lists is not self._matcher.lists and lists != self._matcher.lists:
            self._matcher = ScannerMatcher(lists)
            self._bans.lists = lists
        return self._matcher

    def refuses(
        self,
        *,
        path: str,
        headers: RawHeaders,
        peer: str | None,
        now: float,
        hop: str | None = None,
        signed_in: bool = False,
    ) -> str | None:
        """Why this request is refused, or None. `path` as received; header names in lower case.

        `peer` is the client's address, `hop` that of the proxy that passed it on. `signed_in` says that somebody is, by
        a session (`is_banned` tells whether that needs to be known). Whether a token is valid is asked only where the
        network is banned.
        """
        if now - self._told_at >= MINUTE:
            self.tell_due(now)
        matcher = self._in_force()
        reason, is_api = matcher.of_path(path)
        if reason is None and not is_api and matcher.lists.enabled:
            agent = next((value.decode("latin-1") for name, value in headers if name == b"user-agent"), None)
            reason = matcher.of_agent(agent)
        network = network_of(peer)
        if reason is None:
            if (
                not self._bans.banned(network, now)
                or signed_in
                or path in HEALTH
                or is_within(peer, self._trusted)
                or (is_within(hop, self._trusted) and any(name == SIGNATURE for name, _ in headers))
                or self._vouches(headers, now)
            ):
                return None
            reason = BANNED
        elif not is_within(peer, self._trusted):
            self._bans.offend(network, now)
        said = self._bans.refused(network, reason, now)
        if said is not None:
            self._tell(said)
        return reason

    def is_banned(self, *, peer: str | None, now: float) -> bool:
        """Whether the client's network is banned at `now`."""
        return self._bans.banned(network_of(peer), now)

    def unknown_path(self, *, peer: str | None, now: float) -> None:
        """Note that a path was asked for which nobody serves (404)."""
        if self._in_force().lists.enabled and not is_within(peer, self._trusted):
            self._bans.offend(network_of(peer), now)

    def tell_due(self, now: float, *, all_of_it: bool = False) -> None:
        """Record what is still untold of networks that went quiet; `all_of_it` where the process ends."""
        self._told_at = now
        for said in self._bans.due(now, all_of_it=all_of_it):
            self._tell(said)
