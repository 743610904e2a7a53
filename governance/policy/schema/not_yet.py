"""What is said of keys that are read, checked, kept and exported, and that nothing enforces yet.

The schema names one of these sentences at each such key. The forms of the admin, the JSON Schema, the management API's
document and docs/author-policy.md all take them from there; a key without one has an engine.
"""

from __future__ import annotations

GATEWAY = "Kept, not enforced yet: there is no MCP door."
CONNECTING = "Kept, not used yet: nothing connects to servers."
HOOKS = "Kept, not used yet: no hook runs."
FIRING = (
    "No hook runs yet: a synchronous PreToolUse hook that fires counts as failed, so that on_failure decides; "
    "any other does nothing."
)
APPROVALS = "Kept, not used yet: nobody can approve a call, so an ask stays an ask."
ROLL_OUT = "Kept, not used yet: nothing is rolled out to clients."
SECRETS = "Kept, not used yet: there are no values of secrets to put anywhere."
CANARIES = "Kept, not enforced yet: there are no values of secrets to look for."
