"""Regions and hosts."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import regions


@pytest.mark.parametrize("code", sorted(regions.KNOWN))
def test_known_regions_stay_with_the_maker(code: str) -> None:
    assert regions.is_makers(urlsplit(regions.base_url(code)).hostname or "")


@pytest.mark.parametrize(
    ("code", "url"),
    [
        (None, "https://api.libreview.io"), ("eu2", "https://api-eu2.libreview.io"), ("xy", "https://api-xy.libreview.io"),
        ("ru", "https://api.libreview.ru"), ("cn", "https://api-cn.myfreestyle.cn"),
    ],
)  # fmt: skip
def test_region_gives_its_host(code: str | None, url: str) -> None:
    assert regions.base_url(code) == url


@pytest.mark.parametrize(
    "code", ["", "EU", "eu22", "e", "evil.example/", "eu\n", "eu@evil", "../", "eu.", "éu", None, 5]
)
def test_strange_codes_are_none(code: object) -> None:
    assert not regions.is_code(code)


@given(st.text() | st.from_regex(r"[a-z]{2}[0-9]?[./@#?]?.*", fullmatch=True))
def test_no_text_leads_anywhere_else(text: str) -> None:
    for configured, home in ((None, None), ("http://127.0.0.1:8060/{region}", "127.0.0.1:8060")):
        try:
            parts = urlsplit(regions.base_url(text, configured))
        except ValueError:
            continue
        assert parts.netloc == home if home else parts.scheme == "https" and regions.is_makers(parts.netloc)


@pytest.mark.parametrize(
    "host", ["libreview.io.evil.example", "evillibreview.io", "api.libreview.io.", "", "127.0.0.1"]
)
def test_look_alikes_are_not_the_maker(host: str) -> None:
    assert not regions.is_makers(host)


def test_a_configured_address_without_a_place_for_the_region_stays_the_same() -> None:
    assert regions.base_url("eu", "http://127.0.0.1:8060/") == "http://127.0.0.1:8060"
