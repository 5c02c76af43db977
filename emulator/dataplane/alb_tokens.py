"""The `jwt-validation` action: which bearer tokens a load balancer lets pass.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-verify-jwt.html:
RS256 only; `iss` and `exp` are required; `nbf` and `iat` are checked where they are; the key set
has at most 10 keys in at most 150 KB. Not documented, so our reading: the key set is looked at
anew for each token (AWS keeps it for a while), a claim in several values must hold all of them,
and a key set that cannot be had is the load balancer's own failure, 500.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import jwt

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.dataplane.alb_messages import Request
    from emulator.outside import Outside
    from emulator.store.listeners import Claim, TokenRule

MOST_KEYS: Final = 10
MOST_BYTES: Final = 150 * 1024
REFUSED, NO_KEYS = 401, 500


class TokenError(Exception):
    """A request does not pass; the client gets `status`, the message is for the log."""

    def __init__(self, message: str, *, status: int = REFUSED) -> None:
        super().__init__(message)
        self.status = status


class Tokens:
    """Judges bearer tokens, at the emulated time, by keys from the world outside."""

    def __init__(self, outside: Outside, clock: Clock) -> None:
        self._outside = outside
        self._clock = clock
        self._parsed: tuple[bytes, dict[str | None, jwt.PyJWK]] = (b"", {})

    def check(self, rule: TokenRule, request: Request) -> None:
        """Return if the request carries a token that the rule takes.

        Raises:
            TokenError: it does not, or it cannot be told.
        """
        token = _bearer(request)
        keys = self._keys(rule.jwks_endpoint)
        claims = _claims(token, keys)
        if claims.get("iss") != rule.issuer:
            raise TokenError(f"iss is {claims.get('iss')!r}, not {rule.issuer!r}")
        self._check_times(claims)
        for claim in rule.claims:
            if not _holds(claim, claims.get(claim.name)):
                raise TokenError(f"{claim.name} is {claims.get(claim.name)!r}")

    def _check_times(self, claims: dict[str, Any]) -> None:
        now_s = self._clock.now_s()
        for name in ("exp", "nbf", "iat"):
            at_s = claims.get(name)
            if at_s is None and name != "exp":
                continue
            if isinstance(at_s, bool) or not isinstance(at_s, int | float):
                raise TokenError(f"{name} is {at_s!r}, no time")
            if (at_s <= now_s) is (name == "exp"):
                raise TokenError(f"{name} is {at_s}, and it is {now_s:.0f}")

    def _keys(self, endpoint: str) -> dict[str | None, jwt.PyJWK]:
        """The endpoint's keys by their id."""
        page = self._outside.get(endpoint)
        if page is None:
            raise TokenError(f"nobody answers at {endpoint}", status=NO_KEYS)
        if page.body != self._parsed[0]:
            self._parsed = (page.body, _key_set(page.body, endpoint))
        return self._parsed[1]


def _key_set(body: bytes, endpoint: str) -> dict[str | None, jwt.PyJWK]:
    try:
        found = jwt.PyJWKSet.from_dict(json.loads(body)).keys
    except (ValueError, AttributeError, jwt.PyJWTError) as error:
        raise TokenError(f"no key set at {endpoint}: {error}", status=NO_KEYS) from error
    if len(body) > MOST_BYTES or len(found) > MOST_KEYS:
        message = f"{len(found)} keys in {len(body)} bytes at {endpoint}: over the limit"
        raise TokenError(message, status=NO_KEYS)
    return {key.key_id: key for key in found}


def _bearer(request: Request) -> str:
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenError("the request carries no bearer token")
    return token.strip()


def _claims(token: str, keys: dict[str | None, jwt.PyJWK]) -> dict[str, Any]:
    """What a token says, its signature verified and nothing else."""
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
        key = keys.get(key_id) if key_id or len(keys) != 1 else next(iter(keys.values()))
        if key is None:
            raise TokenError(f"no key {key_id!r} is published")
        unverified = dict.fromkeys(
            ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss"), False
        )
        return jwt.decode(token, key, algorithms=["RS256"], options=unverified)  # pyright: ignore[reportArgumentType]  # a plain dict is what jwt merges
    except jwt.PyJWTError as error:
        raise TokenError(f"{type(error).__name__}: {error}") from error


def _holds(claim: Claim, said: object) -> bool:
    match claim.format:
        case "single-string":
            return said in claim.values
        case "space-separated-values":
            return isinstance(said, str) and set(claim.values) <= set(said.split())
        case _:
            return isinstance(said, list) and set(claim.values) <= set(map(str, said))
