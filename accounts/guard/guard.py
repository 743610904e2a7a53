"""The guard of one process: matcher, bans and what is recorded of them, behind one question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from accounts.credentials.presented import RawHeaders
from accounts.guard.bans import MINUTE, BanTable, Refusals
from accounts.guard.lists import GuardLists
from accounts.guard.matcher import ScannerMatcher
from accounts.guard.network import network_of

Network = IPv4Network | IPv6Network
BANNED = "guard.ban"


class ScannerGuard:
    """Refuses what a scanner asks for, whoever asks, before authentication; answered by 403 without a body.

    `tell` receives what is to be recorded, `lists` gives the lists as they stand, `vouches` says whether a request's
    credential is valid. A ban never hits a trusted proxy nor a request whose token is valid.
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
    ) -> str | None:
        """Why this request is refused, or None. `path` as received; header names in lower case.

        Whether a token is valid is asked only where the network is banned.
        """
        if now - self._told_at >= MINUTE:
            self._tell_due(now)
        matcher = self._in_force()
        reason, is_api = matcher.of_path(path)
        if reason is None and not is_api and matcher.lists.enabled:
            agent = next((value.decode("latin-1") for name, value in headers if name == b"user-agent"), None)
            reason = matcher.of_agent(agent)
        network = network_of(peer)
        if reason is None:
            if not self._bans.banned(network, now) or self._is_trusted(peer) or self._vouches(headers, now):
                return None
            reason = BANNED
        elif not self._is_trusted(peer):
            self._bans.offend(network, now)
        said = self._bans.refused(network, reason, now)
        if said is not None:
            self._tell(said)
        return reason

    def unknown_path(self, *, peer: str | None, now: float) -> None:
        """Note that a path was asked for which nobody serves (404)."""
        if self._in_force().lists.enabled and not self._is_trusted(peer):
            self._bans.offend(network_of(peer), now)

    def _tell_due(self, now: float) -> None:
        """Record what is still untold of networks that went quiet, at the first request of a minute."""
        self._told_at = now
        for said in self._bans.due(now):
            self._tell(said)

    def _is_trusted(self, peer: str | None) -> bool:
        if not self._trusted:
            return False
        try:
            address = ip_address(peer or "")
        except ValueError:
            return False
        return any(address in network for network in self._trusted)
