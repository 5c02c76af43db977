"""All that drills a stack by the clock, and what drills by hand need beside the stack itself."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.bucket import Bucket
from infra.drills.faults import Faults, FaultsArgs
from infra.drills.journals import JournalsArgs, journals
from infra.drills.machine import Machine, MachineArgs
from infra.drills.names import drilled_first, drilled_from
from infra.drills.parameter import DrillParameter, DrillParameterArgs
from infra.drills.runner import Runner, RunnerArgs
from infra.drills.start import Start, StartArgs
from infra.region import Region
from infra.release import Release
from infra.settings import Settings
from infra.traffic import Traffic
from infra.watching.watching import Watching


@dataclass(frozen=True, kw_only=True)
class DrillsArgs:
    """What drills need to know.

    Attributes:
        settings: The stack's settings.
        release: What is served.
        key_arns: The stack's key in each Region.
        regions: What serves, by Region, in the settings' order.
        traffic: What Route 53 follows.
        watching: Who is told, and by which alarms a drill is stopped.
    """

    settings: Settings
    release: Release
    key_arns: Mapping[str, pulumi.Output[str]]
    regions: Mapping[str, Region]
    traffic: Traffic
    watching: Watching

    @property
    def here(self) -> Region:
        """The Region that drills run in."""
        return self.regions[drilled_from(self.settings.regions)]

    @property
    def first(self) -> Region:
        """The Region that they hurt."""
        return self.regions[drilled_first(self.settings.regions)]


class Drills(pulumi.ComponentResource):
    """The calendar; where something may be broken, AWS FIS; and where it is to be, the schedule.

    Attributes:
        outputs: Identifiers of what there is.
    """

    outputs: dict[str, pulumi.Input[str]]

    def __init__(
        self, name: str, args: DrillsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Drills", name, None, opts)
        child, settings = pulumi.ResourceOptions(parent=self), args.settings
        if settings.drills.injections:
            self._faults(name, args)
        parameter = DrillParameter(
            f"{name}-calendar",
            DrillParameterArgs(
                settings=settings,
                regions=args.regions,
                deep_check_ids={
                    region: health.deep_check_id for region, health in args.traffic.health.items()
                },
            ),
            opts=child,
        )
        self.outputs = {"region": args.here.names.region, "parameter": parameter.name}
        if settings.drills.scheduled:
            kept = journals(
                name,
                JournalsArgs(
                    names=args.here.names,
                    settings=settings,
                    key_arn=args.key_arns[args.here.names.region],
                ),
                self,
            )
            runner = self._runner(name, args, kept)
            machine = self._machine(name, args, runner)
            self.outputs |= {
                "journalBucket": kept.name,
                "stateMachineArn": machine.arn,
                "functionName": runner.function.name,
            }
        self.register_outputs({})

    def _faults(self, name: str, args: DrillsArgs) -> None:
        first = args.first
        region = first.names.region
        alarms = args.watching.alarm_arns[region]
        Faults(
            f"{name}-faults",
            FaultsArgs(
                names=first.names,
                bucket=first.predictions.name,
                copied_to=[each for each in args.settings.regions if each != region],
                subnet_id=first.network.public_subnet_ids[0],
                stop_arns=[alarms["availability"], alarms["latency"]],
                report_bucket=first.load_balancer.log_bucket,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _runner(self, name: str, args: DrillsArgs, kept: Bucket) -> Runner:
        here, region = args.here, args.here.names.region
        return Runner(
            f"{name}-runner",
            RunnerArgs(
                here=here.names,
                first=args.first.names,
                places=[each.names for each in args.regions.values()],
                settings=args.settings,
                release=args.release,
                key_arn=args.key_arns[region],
                first_key_arn=args.key_arns[args.first.names.region],
                journals=kept,
                dead_letters=here.dead_letters,
                secret_arn=args.watching.secret_arns[region],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _machine(self, name: str, args: DrillsArgs, runner: Runner) -> Machine:
        child, names = pulumi.ResourceOptions(parent=self), args.here.names
        key_arn = args.key_arns[names.region]
        machine = Machine(
            f"{name}-steps",
            MachineArgs(
                names=names,
                function_arn=runner.function.alias_arn,
                topic_arn=args.watching.topic_arns[names.region],
                key_arn=key_arn,
                log_retention_days=args.settings.log_retention_days,
            ),
            opts=child,
        )
        Start(
            f"{name}-start",
            StartArgs(
                names=names,
                schedule=args.settings.drills.schedule,
                machine_arn=machine.arn,
                key_arn=key_arn,
                dead_letters=args.here.dead_letters,
            ),
            opts=child,
        )
        return machine
