"""Temporary credentials of a function's role, from STS, as Lambda gets them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.storage.roles import denial

if TYPE_CHECKING:
    from emulator.store import FunctionVersion

SERVICE_ACCESS_KEY: Final = "AKIAEMULATORADMIN000"
SERVICE_SECRET_KEY: Final = "emulator"  # noqa: S105  # the emulated account's fixed key

LAMBDA_PRINCIPAL: Final = "lambda.amazonaws.com"

REFRESH_BEFORE_EXPIRY_S: Final = 300.0
"""Credentials are not given to a new worker in their last minutes."""

_CONNECT_TIMEOUT_S = 2
_READ_TIMEOUT_S = 5


class RoleError(Exception):
    """STS did not give credentials for the function's role."""


@dataclass(frozen=True, kw_only=True)
class RoleCredentials:
    """Credentials of an assumed role. `expires_s` is real Unix time: STS runs on real time."""

    access_key: str
    secret_key: str
    session_token: str
    expires_s: float

    def fresh(self) -> bool:
        """Whether a worker started now may still use them."""
        return time.time() < self.expires_s - REFRESH_BEFORE_EXPIRY_S


class RoleCredentialsCache:
    """Assumes each function's role once and again only when its credentials run out."""

    def __init__(self, aws_endpoint: str) -> None:
        self._aws_endpoint = aws_endpoint
        self._cached: dict[tuple[str, str, str], RoleCredentials] = {}
        self._locks: dict[tuple[str, str, str], asyncio.Lock] = {}
        self._clients: dict[str, Any] = {}

    async def credentials(self, version: FunctionVersion) -> RoleCredentials:
        """Credentials for a worker of `version`.

        Raises:
            RoleError: the role does not exist, may not be assumed, or STS cannot be reached.
        """
        key = (version.region, version.role, version.name)
        async with self._locks.setdefault(key, asyncio.Lock()):
            cached = self._cached.get(key)
            if cached is None or not cached.fresh():
                cached = await asyncio.to_thread(self._assume, version)
                self._cached[key] = cached
            return cached

    def close(self) -> None:
        """Close the connections to STS."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _assume(self, version: FunctionVersion) -> RoleCredentials:
        from botocore.exceptions import BotoCoreError, ClientError

        # The key that signs below may do everything, so the role's trust is looked at here.
        refused = denial(version.role, (LAMBDA_PRINCIPAL,), (), source_arn=version.arn)
        if refused is not None:
            raise RoleError(
                f"The role defined for the function cannot be assumed by Lambda: {refused}"
            )
        try:
            answer = self._client(version.region).assume_role(
                RoleArn=version.role, RoleSessionName=version.name
            )
        except (BotoCoreError, ClientError) as error:
            raise RoleError(
                f"The role defined for the function cannot be assumed by Lambda: {error}"
            ) from error
        found = answer["Credentials"]
        return RoleCredentials(
            access_key=found["AccessKeyId"],
            secret_key=found["SecretAccessKey"],
            session_token=found["SessionToken"],
            expires_s=found["Expiration"].timestamp(),
        )

    def _client(self, region: str) -> Any:
        # One client a Region: STS is regional, so a standby never asks the Region that is lost.
        client = self._clients.get(region)
        if client is None:
            from botocore.config import Config
            from botocore.session import Session

            client = Session().create_client(
                "sts",
                region_name=region,
                endpoint_url=self._aws_endpoint,
                aws_access_key_id=SERVICE_ACCESS_KEY,
                aws_secret_access_key=SERVICE_SECRET_KEY,
                config=Config(
                    connect_timeout=_CONNECT_TIMEOUT_S,
                    read_timeout=_READ_TIMEOUT_S,
                    retries={"total_max_attempts": 2},
                ),
            )
            self._clients[region] = client
        return client
