"""How the stack's own clients (canary, observer) say who they are.

What clients must show is kept in one Secrets Manager secret of the Region, which an operator
fills; a stack whose clients need to show nothing has none.
"""

from __future__ import annotations

import base64
import json
import ssl
import tempfile
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN_MARGIN_S: Final = 60.0
_TIMEOUT_S: Final = 3.0


class CredentialError(Exception):
    """There is no credential, or it is not one that is known."""


@dataclass(frozen=True, kw_only=True)
class Credential:
    """How a client says who it is: headers, a certificate in the TLS context, or nothing."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)


def read_credential(secret_name: str) -> Credential:
    """The credential in the secret; read anew each time, so that a new one counts at once.

    Raises:
        CredentialError: There is none, it cannot be read, or it is of no known kind.
    """
    if not secret_name:
        return Credential()
    return credential_of(secret_name, _secret(secret_name))


def credential_of(secret_name: str, secret: Mapping[str, Any]) -> Credential:
    """The credential that a secret holds.

    Raises:
        CredentialError: It is of no known kind, or gives none.
    """
    try:
        match secret.get("kind"):
            case "bearer":
                return _bearer(secret["token"])
            case "certificate":
                return _certificate(secret["certificate"], secret["key"])
            case "client_credentials":
                return _bearer(_token(secret))
            case other:
                expected = "bearer, certificate or client_credentials"
                raise CredentialError(
                    f"secret {secret_name} has kind {other!r}; expected {expected}"
                )
    except KeyError as missing:
        raise CredentialError(f"secret {secret_name} has no {missing}") from missing
    except (OSError, ValueError) as error:
        raise CredentialError(f"secret {secret_name} gives no credential: {error}") from error


def _secret(name: str) -> dict[str, Any]:
    # boto3 takes longer to import than all the rest: only a stack with a credential pays for it.
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        text = boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    except (BotoCoreError, ClientError, KeyError) as error:
        raise CredentialError(
            f"secret {name} cannot be read: {error}; an operator fills it after the first deploy"
        ) from error
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CredentialError(f"secret {name} does not hold a JSON object")
    return found


def _bearer(token: str) -> Credential:
    return Credential(headers={"authorization": f"Bearer {token}"})


def _certificate(certificate: str, key: str) -> Credential:
    context = ssl.create_default_context()
    # The standard library reads them from a file only; it is gone before anything is asked.
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as file:
        file.write(f"{certificate}\n{key}\n")
        file.flush()
        context.load_cert_chain(file.name)
    return Credential(context=context)


_tokens: dict[str, tuple[float, str]] = {}


def _token(secret: Mapping[str, Any]) -> str:
    """An access token by OAuth 2.0 client credentials (RFC 6749, 4.4), kept until it expires."""
    url, client_id = str(secret["token_url"]), str(secret["client_id"])
    if not url.startswith("https://"):
        raise CredentialError(f"token_url is {url!r}; expected https://...")
    expires_s, token = _tokens.get(f"{url} {client_id}", (0.0, ""))
    if time.monotonic() < expires_s:
        return token
    form = {"grant_type": "client_credentials"}
    form |= {key: str(secret[key]) for key in ("scope", "audience") if key in secret}
    basic = base64.b64encode(f"{client_id}:{secret['client_secret']}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - https only, checked above
        url,
        data=urllib.parse.urlencode(form).encode(),
        headers={"authorization": f"Basic {basic}"},
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as reply:  # noqa: S310 - as above
        granted = json.loads(reply.read())
    token = str(granted["access_token"])
    life_s = float(granted.get("expires_in", 0)) - _TOKEN_MARGIN_S
    _tokens[f"{url} {client_id}"] = (time.monotonic() + life_s, token)
    return token
