"""From where a request comes: what proxies say counts only as far as they are trusted."""

from typing import Any

import pytest

from callbacks.server.client import client_of

PROXY = ("10.0.0.0/8", "127.0.0.1/32", "2001:db8::/32")


def seen(peer: str, forwarded: str | None = None, scheme: str = "http", **headers: str) -> dict[str, Any]:
    environ: dict[str, Any] = {"REMOTE_ADDR": peer, "wsgi.url_scheme": scheme}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    return environ | {f"HTTP_X_FORWARDED_{name.upper()}": value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # nobody we trust says so
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7"),  # what stands before is the client's invention
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.7, 10.0.0.2, 10.0.0.3", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.9", "10.0.0.9"),
        ("10.0.0.1", "junk", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, junk", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", ",,,", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.1", "[2a00::5]:4711", "2a00::5"),
        ("2001:db8::1", "2a00::5", "2a00::5"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "x" * 8000, "127.0.0.1"),
        ("", "198.51.100.7", "198.51.100.7"),  # a Unix socket, as 127.0.0.1
    ],
)
def test_the_address_is_the_last_that_somebody_trusted_names(peer: str, forwarded: str | None, address: str) -> None:
    assert client_of(seen(peer, forwarded), PROXY).address == address


def test_by_default_nobody_is_trusted() -> None:
    for peer in ("127.0.0.1", "10.0.0.1", "", "::1"):
        client = client_of(seen(peer, "198.51.100.7", proto="https"), ())
        assert (client.address, client.https, client.is_passed_on, client.is_local) == (peer, False, True, False)


@pytest.mark.parametrize(
    ("peer", "scheme", "told", "https"),
    [
        ("10.0.0.1", "http", "https", True),
        ("10.0.0.1", "http", "https, http", False),  # the nearest one's word
        ("10.0.0.1", "http", "http, HTTPS", True),
        ("10.0.0.1", "https", "http", False),
        ("10.0.0.1", "https", "", True),
        ("192.0.2.1", "http", "https", False),
        ("192.0.2.1", "https", "http", True),
    ],
)
def test_who_is_trusted_says_whether_it_came_encrypted(peer: str, scheme: str, told: str, https: bool) -> None:
    assert client_of(seen(peer, scheme=scheme, proto=told), PROXY).https is https


def test_limits_count_an_ipv6_client_by_its_network() -> None:
    assert client_of(seen("2a00:1:2:3:4:5:6:7"), ()).network == "2a00:1:2:3::/64"
    assert client_of(seen("::ffff:192.0.2.1"), ()).network == "192.0.2.1"
    assert client_of(seen(""), ()).network == "127.0.0.1"
