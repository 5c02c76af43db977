"""Which bearer tokens a load balancer lets pass, and when."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from emulator.dataplane.alb_messages import Request
from emulator.dataplane.alb_tokens import TokenError, Tokens
from emulator.outside import Outside, Page
from emulator.store.listeners import Claim, TokenRule

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW_S = 1_000_000.0
ENDPOINT = "https://identity.example/keys"
ISSUER = "https://identity.example/"
GOOD: Mapping[str, Any] = {"iss": ISSUER, "exp": NOW_S + 60, "aud": "predictions"}
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
RULE = TokenRule(
    issuer=ISSUER,
    jwks_endpoint=ENDPOINT,
    claims=(Claim(name="aud", format="single-string", values=("predictions",)),),
)


@dataclass
class Stopped:
    """A clock that stands still."""

    at_s: float = NOW_S

    def now_s(self) -> float:
        return self.at_s


def key_set(**keys: rsa.RSAPrivateKey) -> Page:
    found = [
        {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": name}
        for name, key in keys.items()
    ]
    return Page(body=json.dumps({"keys": found}).encode(), content_type="application/json")


def token(key: Any = KEY, *, kid: str | None = "one", algorithm: str = "RS256", **more: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **more}.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def made_by_hand(algorithm: str, secret: bytes = b"") -> str:
    """A token that no honest library would make."""
    header = {"alg": algorithm, "kid": "one"}
    signed = b".".join(encoded(json.dumps(part).encode()) for part in (header, dict(GOOD)))
    signature = hmac.digest(secret, signed, "sha256") if secret else b""
    return (signed + b"." + encoded(signature)).decode()


def public_key() -> bytes:
    return KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def request(authorization: str | None) -> Request:
    headers = () if authorization is None else (("authorization", authorization),)
    return Request(
        method="POST",
        target="/",
        headers=headers,
        body=b"",
        client_ip="127.0.0.1",
        scheme="https",
        port=443,
    )


def judge(sent: str, rule: TokenRule = RULE, page: Page | None = None, at_s: float = NOW_S) -> None:
    outside = Outside()
    outside.put(ENDPOINT, page or key_set(one=KEY))
    Tokens(outside, Stopped(at_s)).check(rule, request(f"Bearer {sent}"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sent",
    [token(), token(kid=None), token(nbf=NOW_S - 1, iat=NOW_S - 1)],
    ids=["by its key's id", "by the only key", "with its other times"],
)
def test_a_right_token_passes(sent: str) -> None:
    judge(sent)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (token(exp=NOW_S), "exp"),
        (token(exp=None), "exp"),
        (token(exp="tomorrow"), "exp"),
        (token(nbf=NOW_S + 1), "nbf"),
        (token(iat=NOW_S + 1), "iat"),
        (token(iss="https://elsewhere.example/"), "iss"),
        (token(iss=None), "iss"),
        (token(aud="payroll"), "aud"),
        (token(aud=None), "aud"),
        (token(OTHER), "InvalidSignature"),
        (token(kid="two"), "no key 'two'"),
        (made_by_hand("none"), "InvalidAlgorithm"),
        (made_by_hand("HS256", public_key()), "InvalidAlgorithm"),
        ("not.a.token", "DecodeError"),
    ],
)
def test_a_wrong_token_is_unauthorized(sent: str, reason: str) -> None:
    with pytest.raises(TokenError, match=reason) as caught:
        judge(sent)
    assert caught.value.status == 401


@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer  ", "Basic dXNlcjp3b3Jk", token()])
def test_a_request_without_a_bearer_token_is_unauthorized(sent: str | None) -> None:
    outside = Outside()
    outside.put(ENDPOINT, key_set(one=KEY))
    with pytest.raises(TokenError, match="no bearer token"):
        Tokens(outside, Stopped()).check(RULE, request(sent))  # type: ignore[arg-type]


def test_a_token_ends_with_the_emulated_clock() -> None:
    with pytest.raises(TokenError, match="exp"):
        judge(token(), at_s=NOW_S + 61)


def test_keys_rotate_with_what_the_issuer_publishes() -> None:
    outside = Outside()
    tokens = Tokens(outside, Stopped())  # type: ignore[arg-type]
    old, new = token(), token(OTHER, kid="two")
    outside.put(ENDPOINT, key_set(one=KEY, two=OTHER))
    for sent in (old, new):
        tokens.check(RULE, request(f"Bearer {sent}"))
    outside.put(ENDPOINT, key_set(two=OTHER))
    tokens.check(RULE, request(f"Bearer {new}"))
    with pytest.raises(TokenError, match="no key 'one'"):
        tokens.check(RULE, request(f"Bearer {old}"))


@pytest.mark.parametrize(
    "page",
    [
        Page(body=b"<html>", content_type="text/html"),
        key_set(**{f"k{n}": KEY for n in range(11)}),
        Page(body=key_set(one=KEY).body + b" " * 153_600, content_type="application/json"),
    ],
    ids=["no key set", "eleven keys", "over 150 KB"],
)
def test_a_key_set_that_cannot_be_used_lets_nobody_in(page: Page) -> None:
    with pytest.raises(TokenError) as caught:
        judge(token(), page=page)
    assert caught.value.status == 500


def test_an_issuer_that_is_away_lets_nobody_in() -> None:
    with pytest.raises(TokenError, match="nobody answers") as caught:
        Tokens(Outside(), Stopped()).check(RULE, request(f"Bearer {token()}"))  # type: ignore[arg-type]
    assert caught.value.status == 500


@pytest.mark.parametrize(
    ("form", "said", "passes"),
    [
        ("space-separated-values", "read predict", True),
        ("space-separated-values", "read predictions", False),
        ("space-separated-values", ["predict"], False),
        ("string-array", ["read", "predict"], True),
        ("string-array", "predict", False),
    ],
)
def test_a_claim_in_several_values_holds_the_one_asked_for(
    form: str, said: object, *, passes: bool
) -> None:
    claim = Claim(name="scope", format=form, values=("predict",))
    rule = TokenRule(issuer=ISSUER, jwks_endpoint=ENDPOINT, claims=(claim,))
    sent = token(scope=said)
    if passes:
        judge(sent, rule)
        return
    with pytest.raises(TokenError, match="scope"):
        judge(sent, rule)
