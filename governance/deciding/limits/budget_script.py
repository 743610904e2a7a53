"""The check as one script inside Redis: every charge is paid or none, by the server's own clock."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from governance.engine.budget import SLACK, BudgetVerdict, Charge, Quota

# KEYS[1] is the register of processes, KEYS[2…] one for each charge.
# ARGV: forced, process ("" for no heartbeat), forget_after, slack; then for each charge kind, a, b, cost:
# a bucket has kind b, seconds a token, seconds of the whole burst; a window kind w, calls, seconds.
# Times are seconds since 2025, so that a double keeps them to some ten nanoseconds.
CLOCK = """
local clock = redis.call('TIME')
local now = (tonumber(clock[1]) - 1735689600) + tonumber(clock[2]) / 1000000
"""
CHECK = """
local forced, slack = ARGV[1] == '1', tonumber(ARGV[4])
local processes = 0
if ARGV[2] ~= '' then
  redis.call('ZADD', KEYS[1], now, ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[3]))
  redis.call('PEXPIRE', KEYS[1], 60000)
  processes = redis.call('ZCARD', KEYS[1])
end
local full, left, reset = {}, {}, {}
for i = 2, #KEYS do
  local at = 5 + (i - 2) * 4
  local kind, a, b, cost = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if kind == 'b' then
    local held = full[KEYS[i]] or tonumber(redis.call('GET', KEYS[i]) or '0')
    -- Never emptier than empty, whatever the clock did.
    local whole = math.min(math.max(held, now), now + b) + cost * a
    local over = whole - now - b
    if forced then
      whole = math.min(whole, now + b)
    elseif over > slack then
      return {processes, i - 1, string.format('%.6f', over), string.format('%.6f', whole - now)}
    end
    full[KEYS[i]] = whole
    left[i], reset[i] = -over / a, whole - now
  else
    local newest = tonumber(redis.call('LINDEX', KEYS[i], -1) or '0')
    if newest > now + b then
      redis.call('DEL', KEYS[i])
    elseif newest > now then
      -- The clock was put back: what lies ahead counts as of now, so that nobody waits longer than the window.
      for place, at in ipairs(redis.call('LRANGE', KEYS[i], 0, -1)) do
        if tonumber(at) > now then redis.call('LSET', KEYS[i], place - 1, string.format('%.6f', now)) end
      end
    end
    local oldest = now - b
    local first = redis.call('LINDEX', KEYS[i], 0)
    while first and tonumber(first) <= oldest do
      redis.call('LPOP', KEYS[i])
      first = redis.call('LINDEX', KEYS[i], 0)
    end
    local held = redis.call('LLEN', KEYS[i])
    if held >= a then
      local next = redis.call('LINDEX', KEYS[i], -a)
      return {processes, i - 1, string.format('%.6f', tonumber(next) + b - now), string.format('%.6f', b)}
    end
    left[i], reset[i] = a - held - 1, b
  end
end
local answer = {processes, 0}
for i = 2, #KEYS do
  local at = 5 + (i - 2) * 4
  if ARGV[at] == 'b' then
    local whole = full[KEYS[i]]
    local wait = math.ceil((whole - now) * 1000) + 1
    redis.call('SET', KEYS[i], string.format('%.9f', whole), 'PX', wait)
  else
    redis.call('RPUSH', KEYS[i], string.format('%.6f', now))
    redis.call('PEXPIRE', KEYS[i], math.ceil(tonumber(ARGV[at + 2]) * 1000) + 1)
  end
  answer[#answer + 1] = string.format('%.6f', left[i])
  answer[#answer + 1] = string.format('%.6f', reset[i])
end
return answer
"""
SCRIPT = CLOCK + CHECK


def keys_of(prefix: str, charges: Sequence[Charge]) -> list[str]:
    """The keys of a check; the braces keep them in one slot of a cluster."""
    return [f"{{{prefix}}}:processes", *(f"{{{prefix}}}:{charge.key}" for charge in charges)]


def arguments_of(
    charges: Sequence[Charge], *, forced: bool, process: str, forget_after: float
) -> list[str | int | float]:
    """The script's arguments. A measure that admits nothing gets one no clock can satisfy."""
    found: list[str | int | float] = [int(forced), process, forget_after, SLACK]
    for charge in charges:
        measure = charge.measure
        if isinstance(measure, Quota):
            if measure.depth <= 0.0:
                found += ["b", NEVER, 0, 1]
            else:
                found += ["b", measure.interval, measure.depth, min(charge.cost, measure.burst)]
        elif measure.calls < 1:
            found += ["b", NEVER, 0, 1]
        else:
            found += ["w", measure.calls, measure.seconds, 1]
    return found


def verdict_of(answer: list[Any], charges: Sequence[Charge]) -> BudgetVerdict:
    """The verdict in the script's answer."""
    refused = int(answer[1])
    if refused:
        charge = charges[refused - 1]
        wait = float(answer[2])
        limit = _size(charge)
        return BudgetVerdict(False, charge.code, inf if wait >= NEVER / 2 else wait, limit, 0.0, float(answer[3]))
    limit = remaining = inf
    reset = 0.0
    for charge, left, until in zip(charges, answer[2::2], answer[3::2], strict=True):
        if float(left) < remaining:
            limit, remaining, reset = _size(charge), max(0.0, float(left)), float(until)
    return BudgetVerdict(True, None, 0.0, limit, remaining, reset)


NEVER = 1e9
"""Seconds a token where there shall be none: longer than anything waits."""


def _size(charge: Charge) -> float:
    return charge.measure.burst if isinstance(charge.measure, Quota) else charge.measure.calls
