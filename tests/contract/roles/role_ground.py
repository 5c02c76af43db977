"""What the calls of the table are about: one Region's things, and its neighbour's."""

from __future__ import annotations

from dataclasses import dataclass, replace

ACCOUNT = "123456789012"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Names in one Region of the deployed stack, as an operator would write them down."""

    prefix: str
    region: str
    neighbour: str
    log_streams: str = "table"

    def across(self) -> Ground:
        """The same names, of the neighbour's things."""
        return replace(self, region=self.neighbour, neighbour=self.region)

    def bucket(self, kind: str) -> str:
        return f"{self.prefix}-{ACCOUNT}-{self.region}-{kind}"

    def name(self, what: str) -> str:
        return f"{self.prefix}-{what}"

    def log_group(self, function: str) -> str:
        return f"/aws/lambda/{self.prefix}-{function}"

    def role(self, what: str) -> str:
        return f"{self.prefix}-{self.region}-{what}"

    def role_arn(self, what: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:role/{self.role(what)}"

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{rest}"
