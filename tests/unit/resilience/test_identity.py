"""Tokens that are renewed in time, and what each kind of credential shows."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from resilience.credentials import Bearer, Certificate, Nothing
from resilience.identity import RENEW_BEFORE_S, TOKEN_LIFE_S, ClientAuthority, Issuer, RunningClock

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Clock:
    at_s: float = 1_000_000.0

    def now_s(self) -> float:
        return self.at_s


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def issuer(clock: Clock) -> Issuer:
    return Issuer("https://i.example/", {"aud": "us"}, clock)  # type: ignore[arg-type]


def claims(issuer: Issuer, token: str) -> dict[str, Any]:
    """What a token says to somebody who has only what its issuer publishes."""
    (key,) = jwt.PyJWKSet.from_dict(json.loads(issuer.key_set())).keys
    unverified = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    return jwt.decode(token, key, algorithms=["RS256"], audience="us", options=unverified)


def test_a_token_is_kept_until_it_nears_its_end_and_then_renewed(
    issuer: Issuer, clock: Clock
) -> None:
    first = issuer.current()
    clock.at_s += TOKEN_LIFE_S - RENEW_BEFORE_S - 1
    assert issuer.current() == first
    clock.at_s += 2
    second = issuer.current()
    assert second != first
    assert claims(issuer, second)["exp"] >= clock.at_s + TOKEN_LIFE_S - 1
    assert claims(issuer, second)["nbf"] < clock.at_s


def test_a_token_to_be_kept_outlives_any_rehearsal(issuer: Issuer, clock: Clock) -> None:
    assert claims(issuer, issuer.lasting())["exp"] > clock.at_s + 300 * 86_400


def test_a_bearer_sends_the_token_that_is_good_now(issuer: Issuer) -> None:
    bearer = Bearer(current=issuer.current, lasting=issuer.lasting)
    assert bearer.headers() == {"authorization": f"Bearer {issuer.current()}"}
    assert bearer.document()["kind"] == "bearer"
    assert bearer.curl_options()[0].startswith("-H 'authorization: Bearer ey")


def test_a_certificate_is_shown_in_the_handshake_alone(tmp_path: Path) -> None:
    made = ClientAuthority(tmp_path)
    shown = Certificate(certificate=made.certificate, private_key=made.private_key)
    assert made.private_key.stat().st_mode & 0o077 == 0, "a key is its owner's"
    assert shown.headers() == {}
    assert set(shown.document()) == {"kind", "certificate", "key"}
    trust = ssl.create_default_context()
    assert shown.present_in(trust) is trust
    assert shown.curl_options()[0] == f"--cert {made.certificate}"


def test_without_authentication_there_is_nothing_to_show() -> None:
    nothing, trust = Nothing(), ssl.create_default_context()
    assert (nothing.headers(), nothing.document(), nothing.curl_options()) == ({}, {}, ())
    assert nothing.present_in(trust) is trust


def test_a_clock_that_was_read_once_runs_on_at_its_speed() -> None:
    clock = RunningClock(then_s=100.0, speed=50.0, read_at_s=0.0)
    assert clock.now_s() > 100.0
