"""What things are called, and what they are tagged with.

Names are fixed rather than generated: an operator finds `understudy-prod-predict` in any Region
without looking anything up, and roles carry the Region because IAM is global.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

BucketKind = Literal["releases", "predictions", "evacuation", "accesslogs", "journals"]

# Target groups and load balancers: 32 characters, letters, digits and hyphens.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
_NAME_MAX_LENGTH: Final = 32
_LONGEST_SUFFIX: Final = "-evacuation"


def stack_name_problem(project: str, stack: str) -> str | None:
    """Say what a stack must be called, if it may not be called this.

    Bucket names take the same characters and, with account and Region, leave the same length.
    """
    longest = _NAME_MAX_LENGTH - len(_LONGEST_SUFFIX) - len(f"{project}-")
    if len(stack) <= longest and re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", stack):
        return None
    return (
        f"at most {longest} characters: lower-case letters, digits and single hyphens,"
        " beginning with a letter"
    )


@dataclass(frozen=True, kw_only=True)
class StackNames:
    """Names what a stack has once, and tags it.

    Attributes:
        project: The Pulumi project.
        stack: The stack.
        account_id: The AWS account, 12 digits.
    """

    project: str
    stack: str
    account_id: str

    @property
    def prefix(self) -> str:
        """What every name of the stack begins with."""
        return f"{self.project}-{self.stack}"

    @property
    def metrics_namespace(self) -> str:
        """Where the stack's own metrics are, beside those of AWS's services."""
        return f"{self.project.capitalize()}/{self.stack}"

    def tags(self, name: str, *, region: str = "global") -> dict[str, str]:
        """Return the tags of a resource."""
        return {"Name": name, "project": self.project, "stack": self.stack, "region": region}


@dataclass(frozen=True, kw_only=True)
class RegionNames:
    """Names what a stack has in one Region, and tags it.

    Attributes:
        stack: The stack's own names.
        region: The Region.
    """

    stack: StackNames
    region: str

    def name(self, what: str) -> str:
        """Name a thing whose name must differ only within its Region."""
        return f"{self.stack.prefix}-{what}"

    def role(self, what: str) -> str:
        """Name a role; roles are global, so their names carry the Region they serve."""
        return f"{self.stack.prefix}-{self.region}-{what}"

    def bucket(self, kind: BucketKind) -> str:
        """Name a bucket; bucket names are unique in the world."""
        return f"{self.stack.prefix}-{self.stack.account_id}-{self.region}-{kind}"

    def tags(self, name: str) -> dict[str, str]:
        """Return the tags of a resource."""
        return self.stack.tags(name, region=self.region)
