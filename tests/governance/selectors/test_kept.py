"""What a process keeps: bounded in number and in time, and one value for all threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from governance.selectors.kept import Kept


def test_a_value_is_made_once_and_again_after_it_was_forgotten() -> None:
    kept: Kept[str, list[int]] = Kept(most=2)
    first = kept.once("a", lambda: [1])
    assert kept.once("a", lambda: [2]) is first
    kept.forget()
    assert kept.once("a", lambda: [3]) == [3]


def test_the_longest_unused_goes_where_there_is_no_room() -> None:
    kept: Kept[str, str] = Kept(most=2)
    for name in ("a", "b", "a", "c"):
        kept.once(name, lambda name=name: name)  # type: ignore[misc]
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == ("a", None, "c")


def test_a_value_that_is_too_old_is_made_anew() -> None:
    kept: Kept[str, int] = Kept(most=2, seconds=0.0)
    assert [kept.once("a", lambda: 1), kept.once("a", lambda: 2)] == [1, 2]


def test_threads_that_make_it_at_the_same_time_end_up_with_one_value() -> None:
    kept: Kept[str, object] = Kept(most=2)
    together = threading.Barrier(4)

    def make() -> object:
        together.wait(timeout=10)
        return object()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: kept.once("a", make), range(4)))
    assert len(set(map(id, found))) == 1
