"""Passwords are judged and hashed as OWASP asks; secrets cannot be guessed; codes of a second factor are RFC 6238's."""

import base64
import unicodedata
from urllib.parse import parse_qs, urlsplit

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash import credentials
from cgm_dash.credentials import (
    DUMMY_HASH,
    LONGEST,
    PASSWORD_FAULTS,
    SETUP_ALPHABET,
    digest,
    hash_password,
    name_key,
    needs_rehash,
    new_secret,
    new_setup_secret,
    new_totp_secret,
    password_fault,
    setup_digest,
    totp_step,
    totp_uri,
    verify_password,
)

GOOD = "drei kleine Schritte"
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The secret of RFC 6238's test vectors, in base 32."""


def test_a_hash_is_argon2id_at_the_cost_asked_for() -> None:
    found = extract_parameters(hash_password(GOOD))
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (Type.ID, 19_456, 2, 1)


def test_a_password_is_known_again_and_another_is_not() -> None:
    made = hash_password(GOOD)
    assert GOOD not in made
    assert made != hash_password(GOOD)
    assert verify_password(made, GOOD)
    for wrong in ("", GOOD + " ", GOOD.upper(), "a\0b", "\ud800", "x" * 100_000):
        assert not verify_password(made, wrong)


@pytest.mark.parametrize("hash_", ["", "x", "$argon2id$v=19$m=1", pytest.param(DUMMY_HASH, id="nobody")])
def test_what_is_no_hash_of_it_is_wrong_and_no_error(hash_: str) -> None:
    assert not verify_password(hash_, GOOD)


def test_every_character_counts_up_to_the_longest() -> None:
    longest = "ä" * (LONGEST - 1) + "z"
    made = hash_password(longest)
    assert verify_password(made, longest)
    assert not verify_password(made, longest[:-1] + "y")
    assert not verify_password(made, longest + "y")


def test_composed_and_decomposed_letters_are_the_same_password() -> None:
    typed = "größere Bären"
    assert verify_password(hash_password(typed), unicodedata.normalize("NFD", typed))


@pytest.mark.parametrize(
    "odd", ["\ud800 surrogate alone", "with a \0 in the middle", "🐻🐹🐰🐨🐼🐸🐷🐮🐵🐔🐧🐤", " " * 5 + "blanks kept"]
)
def test_any_character_can_be_in_a_password(odd: str) -> None:
    assert password_fault(odd) is None
    assert verify_password(hash_password(odd), odd)


def test_only_older_hashes_need_to_be_made_anew() -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    assert needs_rehash(cheap)
    assert verify_password(cheap, GOOD)
    assert not needs_rehash(hash_password(GOOD))


def test_the_hash_of_nobody_costs_what_a_real_one_costs() -> None:
    assert extract_parameters(DUMMY_HASH) == extract_parameters(hash_password(GOOD))
    assert not needs_rehash(DUMMY_HASH)


@pytest.mark.parametrize(("password", "fault"), [
    ("", "too-short"), ("elf Zeichen", "too-short"), ("zwölf Zeiche", None), ("ä" * 11 + "bcdefg", None),
    ("x y z " * 43, "too-long"), (GOOD, None), ("correct horse battery staple", None),
    ("qwerty123456", "common"), ("1QAZ2WSX3EDC", "common"), ("passwordpassword", "common"), ("Password1234", "common"),
    ("dragonmaster", "common"), ("123123123123123", "common"), ("a" * 20, "common"), ("ababababababab", "common"),
    ("monkeymonkeymonkey", "common"),
])  # fmt: skip
def test_passwords_are_judged_by_length_and_commonness_alone(password: str, fault: str | None) -> None:
    assert password_fault(password) == fault
    assert fault is None or fault in PASSWORD_FAULTS


@pytest.mark.parametrize(("password", "name", "fault"), [
    ("Mira.Muster.1", "mira.muster", "is-name"), ("mira.mustermira.muster", "Mira.Muster", "is-name"),
    ("CGM Data Insights", "", "is-product"), ("cgmdatainsights2026", "Mira", "is-product"),
    ("CGM-Dash-1234", "", "is-product"), ("LibreLinkUp!", "", "is-product"), ("cgm data beside the sea", "", None),
    ("Mira Muster likes long walks", "Mira Muster", None), (GOOD, "", None), ("a longer sentence", "a", None),
])  # fmt: skip
def test_a_password_is_more_than_the_name(password: str, name: str, fault: str | None) -> None:
    assert password_fault(password, name) == fault


def test_lengths_are_counted_in_composed_characters() -> None:
    assert password_fault(unicodedata.normalize("NFD", "äöüäöüäöüäö")) == "too-short"
    assert password_fault(unicodedata.normalize("NFD", "äöü" * 85 + "x")) is None


def test_the_three_thousand_commonest_are_refused_alone_and_lengthened() -> None:
    _known, commonest = credentials._common()
    assert len(commonest) == 3_000
    lengthened = [word * -(-12 // len(word)) for word in sorted(commonest)]
    assert {password_fault(word) for word in lengthened} == {"common"}


def test_secrets_are_long_and_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(secret) for secret in made} == {43}
    seeds = {new_totp_secret() for _ in range(100)}
    assert len(seeds) == 100
    assert {len(base64.b32decode(seed)) for seed in seeds} == {20}
    assert len(digest(new_secret())) == 32
    assert digest("a") != digest("b")


def test_a_setup_secret_is_the_same_however_it_is_typed() -> None:
    secret = new_setup_secret()
    assert [len(group) for group in secret.split("-")] == [5, 5, 5, 5]
    assert set(secret) <= {*SETUP_ALPHABET, "-"}
    for typed in (secret.lower(), secret.replace("-", ""), f" {secret.replace('-', ' ')}\n"):
        assert setup_digest(typed) == setup_digest(secret)
    assert setup_digest(secret[:-1]) != setup_digest(secret)


@given(st.text(max_size=40))
def test_the_key_of_a_names_key_is_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(st.text(max_size=40))
def test_case_and_composition_do_not_make_another_name(name: str) -> None:
    assert name_key(unicodedata.normalize("NFD", name)) == name_key(name)
    assert name_key(f"  {name}\t") == name_key(name)


@pytest.mark.parametrize(("at", "code"), [
    (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
    (2_000_000_000, "279037"), (20_000_000_000, "353130"),
])  # fmt: skip
def test_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    assert totp_step(RFC_SECRET, code, at) == at // 30
    assert totp_step(RFC_SECRET, f"{code[:3]} {code[3:]}", at) == at // 30


def test_a_code_is_taken_one_step_early_or_late_and_no_more() -> None:
    step = 1_111_111_109 // 30
    taken = [n for n in range(-4, 5) if totp_step(RFC_SECRET, "081804", 30 * (step + n)) == step]
    assert taken == [-1, 0, 1]


@pytest.mark.parametrize("code", ["", "28708", "2870822", "28708a", "٢٨٧٠٨٢", "-87082", "9" * 100_000])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert totp_step(RFC_SECRET, code, 59) is None


def test_the_address_for_an_app_names_us_and_the_secret() -> None:
    secret = new_totp_secret()
    parts = urlsplit(totp_uri(secret, "Mira Muster"))
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert (asked["secret"], asked["issuer"]) == ([secret], ["CGM Data Insights"])
    assert len(secret) == 32
