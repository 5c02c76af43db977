"""The objectives of a stack, where what is deployed is read back from: a parameter per Region."""

import json
from dataclasses import asdict, dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.settings import Objectives


@dataclass(frozen=True, kw_only=True)
class ObjectivesParameterArgs:
    """What the parameter needs to know.

    Attributes:
        names: Names in its Region.
        objectives: What it holds.
    """

    names: RegionNames
    objectives: Objectives


class ObjectivesParameter(pulumi.ComponentResource):
    """An SSM parameter `/<project>/<stack>/objectives`, in JSON.

    In every Region, because a drill of one Region's loss must not need it to know what to hold.
    """

    name: pulumi.Output[str]

    def __init__(
        self, name: str, args: ObjectivesParameterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:ObjectivesParameter", name, None, opts)
        stack = args.names.stack
        parameter = aws.ssm.Parameter(
            f"{name}-parameter",
            region=args.names.region,
            name=f"/{stack.project}/{stack.stack}/objectives",
            description="What drills and rehearsals of this stack are held against",
            type="String",
            value=json.dumps(asdict(args.objectives)),
            tags=args.names.tags(args.names.name("objectives")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = parameter.name
        self.register_outputs({"name": self.name})
