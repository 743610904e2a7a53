"""Which way a changed rule moves what callers may do."""

from __future__ import annotations

from collections.abc import Sequence

from governance.engine.document.rules import ApprovalFields, RuleFields
from governance.policy.diff.moves import RAISES, Move, opposite, together
from governance.policy.document.entity_patterns import parse_selector
from governance.policy.document.reach import Entities, reach, who

_TEXT = ("description", "justification")
_REACH = ("subjects", "except", "entities", "when", "parameters", "valid_from", "valid_until")


def rule_presence(rule: RuleFields, *, arrives: bool) -> tuple[str, Move]:
    """What a rule does by being new, or by being gone."""
    verb = "is new" if arrives else "is removed"
    summary = f"{verb}: {rule['effect']} {who(rule['subjects'])} on {', '.join(rule['entities'])}"
    if rule.get("mode") == "shadow":
        return f"{summary} (in shadow)", Move.NEUTRAL
    move = Move.WIDENS if rule["effect"] == "allow" else Move.TIGHTENS
    return summary, move if arrives else opposite(move)


def rule_move(old: RuleFields, new: RuleFields, entities: Entities) -> tuple[str, Move]:
    """What the change of a rule does, with the fields that changed."""
    changed = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    summary = f"{', '.join(changed)} changed: {new['effect']} {who(new['subjects'])} on {', '.join(new['entities'])}"
    if all(key in _TEXT for key in changed):
        return summary, Move.NEUTRAL
    was, now = old.get("mode") != "shadow", new.get("mode") != "shadow"
    if not was and not now:
        return f"{summary} (in shadow)", Move.NEUTRAL
    if was != now:
        _, move = rule_presence(new if now else old, arrives=now)
        return summary, move
    if old["effect"] != new["effect"]:
        gone, come = rule_presence(old, arrives=False)[1], rule_presence(new, arrives=True)[1]
        return summary, together([gone, come])
    moves: list[Move] = []
    if any(key in _REACH for key in changed):
        moves.append(_reach_move(old, new, entities))
    if "approval" in changed:
        moves.append(_approval_move(old.get("approval", {}), new.get("approval", {})))
    if "skip_client_prompt" in changed:
        moves.append(Move.WIDENS if new.get("skip_client_prompt") else Move.TIGHTENS)
    return summary, together(moves)


def _reach_move(old: RuleFields, new: RuleFields, entities: Entities) -> Move:
    before, after = reach(old, entities), reach(new, entities)
    # Globs also reach entities that do not exist yet, so wider text counts as wider.
    fold = new["effect"] != "allow"
    grew = not after.within(before) or not _text_within(new["entities"], old["entities"], fold)
    shrank = not before.within(after) or not _text_within(old["entities"], new["entities"], fold)
    if grew and shrank:
        return Move.BOTH
    if not grew and not shrank:
        return Move.NEUTRAL
    move = Move.WIDENS if grew else Move.TIGHTENS
    return move if new["effect"] == "allow" else opposite(move)


def _text_within(inner: Sequence[str], outer: Sequence[str], fold: bool) -> bool:
    """Whether each of these selectors stands among the others, or names one entity that one of them covers."""
    patterns = [parse_selector(text, fold=fold) for text in outer]
    for text in inner:
        one = parse_selector(text, fold=fold)
        if text in outer:
            continue
        if not one.literal or one.kind in (None, "server"):
            return False
        if not any(pattern.matches(one.kind, one.glob) for pattern in patterns):
            return False
    return True


def _approval_move(old: ApprovalFields, new: ApprovalFields) -> Move:
    moves = [
        RAISES(old.get("expires", 900), new.get("expires", 900)),
        RAISES(old.get("for_a_time", 0), new.get("for_a_time", 0)),
        RAISES(0 if old.get("four_eyes") else 1, 0 if new.get("four_eyes") else 1),
    ]
    if old.get("approvers") != new.get("approvers"):
        moves.append(Move.BOTH)
    return together(moves)
