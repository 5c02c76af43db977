"""Region loss: the Region that serves stops answering, by what AWS really lets one do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.catalogue.throttle import stopped
from resilience.experiments.core.change import Act, Change, call
from resilience.experiments.core.experiment import Experiment
from resilience.experiments.core.memory import Expected
from resilience.experiments.core.steady import flagged

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import View
    from resilience.experiments.core.ground import Ground, Place
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

THROTTLE, LISTENER, SECURITY_GROUP = "throttle", "listener", "security-group"
_SCHEDULE_S: Final = 60.0
_MARGIN_S: Final = 30.0


_CUT: Final[dict[str, Any]] = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"},
}


# What is asked for of a rule, as it is shown.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRuleRequest.html
_OF_A_RULE: Final = (
    *("CidrIpv4", "CidrIpv6", "Description", "FromPort", "IpProtocol", "PrefixListId", "ToPort"),
)
_NOWHERE: Final = {"FromPort": 1, "ToPort": 1, "IpProtocol": "tcp"}


def _plan(world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    place = ground.place(drill.options.get("region", ground.primary.region))
    match drill.options["how"]:
        case "listener":
            return _listeners_cut(world, place)
        case "security-group":
            return _doors_shut(world, place)
        case _:
            return (stopped(world, place.region, place.function),)


def _listeners_cut(world: World, place: Place) -> tuple[Change, ...]:
    """Let every listener answer 503 itself, whatever is asked: clients' and health checkers'.

    Health checkers have a listener of their own: a cut of the clients' alone is none that Route 53
    could see.
    """
    listeners = world.call(
        "elbv2",
        "describe_listeners",
        region=place.region,
        LoadBalancerArn=place.load_balancer_arn,
    )["Listeners"]
    changes: list[Change] = []
    for listener in listeners:
        arn = str(listener["ListenerArn"])
        rules = world.call("elbv2", "describe_rules", region=place.region, ListenerArn=arn)
        changes += [
            _answers_itself(place, "modify_rule", {"RuleArn": rule["RuleArn"]}, rule["Actions"])
            for rule in rules["Rules"]
            if not rule.get("IsDefault")
        ]
        before: list[dict[str, Any]] = listener["DefaultActions"]
        changes.append(_answers_itself(place, "modify_listener", {"ListenerArn": arn}, before))
    return tuple(changes)


def _answers_itself(
    place: Place, operation: str, which: dict[str, Any], before: list[dict[str, Any]]
) -> Change:
    name = "Actions" if operation == "modify_rule" else "DefaultActions"

    def modify(actions: list[dict[str, Any]]) -> Act:
        facts: dict[str, Any] = {**which, name: actions}
        return Act(region=place.region, service="elbv2", operation=operation, facts=facts)

    what = "rule" if operation == "modify_rule" else "listener"
    arn = str(next(iter(which.values()))).rpartition("/")[2]
    return Change(
        what=f"{what} {arn} in {place.region} answers 503 by itself",
        do=modify([_CUT]),
        undo=modify(before),
    )


def _doors_shut(world: World, place: Place) -> tuple[Change, ...]:
    """Lead every ingress rule of the load balancer's security groups to a port without a listener.

    Taken away and made again, they would be other rules, of which the stack's state knows nothing:
    the next deploy that looks would make them once more, and be refused.
    """
    balancer = world.call(
        "elbv2",
        "describe_load_balancers",
        region=place.region,
        LoadBalancerArns=[place.load_balancer_arn],
    )["LoadBalancers"][0]
    rules = world.call(
        "ec2",
        "describe_security_group_rules",
        region=place.region,
        Filters=[{"Name": "group-id", "Values": balancer["SecurityGroups"]}],
    )["SecurityGroupRules"]
    return tuple(_shut(place, rule) for rule in rules if not rule["IsEgress"])


def _shut(place: Place, rule: dict[str, Any]) -> Change:
    asked = {name: rule[name] for name in _OF_A_RULE if name in rule}
    if "ReferencedGroupInfo" in rule:
        asked["ReferencedGroupId"] = rule["ReferencedGroupInfo"]["GroupId"]

    def lead(to: dict[str, Any]) -> Act:
        return call(
            "ec2",
            "modify_security_group_rules",
            region=place.region,
            GroupId=rule["GroupId"],
            SecurityGroupRules=[
                {"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": to}
            ],
        )

    return Change(
        what=f"nobody is let in by rule {rule['SecurityGroupRuleId']} of security group "
        f"{rule['GroupId']} in {place.region}",
        do=lead(asked | _NOWHERE),
        undo=lead(asked),
    )


def latched_by(view: View) -> list[str]:
    """Name the watchers that hold a flag on the Region that is hit."""
    region = view.target.region
    return [w for w in view.target.watchers if flagged(view.world, view.ground, region, w)]


def over_and_latched(view: View) -> bool:
    """Tell whether clients have recovered, and an observer sees to it that they stay.

    As in a rehearsal: availability is over the drill's own minutes, and this is part of them.
    """
    watched = any(view.ground.place(w).observer for w in view.target.watchers)
    return bool(view.recovery_s) and (not watched or bool(latched_by(view)))


def deadline_s(ground: Ground) -> float:
    """Give the longest that recovery and the observers' latch may take."""
    latch_s = _SCHEDULE_S + ground.agreement_s + 3 * ground.look_s
    return max(ground.ceiling_s, ground.rto_s, ground.turn_s + latch_s) + _MARGIN_S


def another_serves(view: View) -> Expected:
    """Hold that the last replies came, and from another Region."""
    served = {p.region for p in view.latest if p.good and p.region}
    away = bool(served) and view.target.region not in served
    detail = f"the last replies came from {', '.join(sorted(served)) or 'nowhere'}"
    return Expected(name="another Region serves", held=away, detail=detail)


def _judge(view: View) -> tuple[Expected, ...]:
    recovery_s = view.recovery_s
    seen = "never" if recovery_s is None else f"{recovery_s:.1f} s"
    bitten = Expected(
        name="the loss bites", held=recovery_s != 0, detail=f"clients had recovered: {seen}"
    )
    holders = latched_by(view)
    latched = Expected(
        name="an observer latches the move",
        held=bool(holders) or not any(view.ground.place(w).observer for w in view.target.watchers),
        detail=f"flags in {', '.join(holders) or 'no Region'}",
    )
    return another_serves(view), bitten, latched


REGION_LOSS: Final = Experiment(
    name="region-loss",
    title="Clients are served again within the RTO when the Region that serves is lost",
    description="Stops the serving Region's answers and watches Route 53 move clients. `how`: its "
    "function's reserved concurrency 0, its listeners answering 503, or its doors shut to all.",
    blast="Clients of the Region get no answer until Route 53 moves them: at worst the RTO.",
    plan=_plan,
    done=over_and_latched,
    deadline_s=deadline_s,
    judge=_judge,
    choices={"how": (THROTTLE, LISTENER, SECURITY_GROUP)},
    recovers=True,
    leaves=True,
    contributions={"availability": "high", "reliability": "high"},
)
