"""Secrets by their names: an ARN ends with characters that only Secrets Manager knows."""

from __future__ import annotations

from emulator.store.backends import backend_of


def secret_arn(region: str, name: str) -> str | None:
    """The ARN of a Region's secret, or None if there is none of this name."""
    from moto.secretsmanager.models import secretsmanager_backends

    backend = backend_of(secretsmanager_backends, region)
    secret = None if backend is None else backend.secrets.get(name)
    return None if secret is None else str(secret.arn)
