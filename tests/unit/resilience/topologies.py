"""Sound topologies of two Regions and more, to break one thing at a time."""

from __future__ import annotations

from resilience.objectives import Objectives
from resilience.topology import (
    Bucket,
    Function,
    HealthCheck,
    Listener,
    ListenerRule,
    LoadBalancer,
    ObserverSettings,
    Record,
    Region,
    TargetGroup,
    Topology,
    Watch,
)

ZONE = "staging.test.example"
CODE = "c" * 64


def region(name: str, others: tuple[str, ...]) -> Region:
    group = TargetGroup(
        arn=f"arn:tg:{name}", health_check_enabled=True, targets=(f"arn:fn:{name}:live",)
    )
    return Region(
        region=name,
        regional_name=f"predict.{name}.{ZONE}",
        load_balancer=LoadBalancer(
            arn=f"arn:lb:{name}", host=f"lb.{name}.elb.example", zones=(f"{name}a", f"{name}b")
        ),
        listener=Listener(
            arn=f"arn:listener:{name}",
            port=443,
            protocol="HTTPS",
            default_target_group_arn=group.arn,
            rules=(ListenerRule(paths=("/evacuation/*",), target_group=group),),
        ),
        target_group=group,
        function=Function(
            name="predict",
            alias="live",
            alias_arn=f"arn:fn:{name}:live",
            version="1",
            code_sha256=CODE,
            release_digest="a" * 64,
            memory_mb=512,
            timeout_s=5,
            invocable_by=(group.arn,),
        ),
        evacuation_function="evacuation",
        release_bucket=Bucket(
            name=f"{name}-releases",
            versioned=True,
            replicates_to=tuple(f"{other}-releases" for other in others),
        ),
        prediction_bucket=Bucket(
            name=f"{name}-predictions",
            versioned=True,
            replicates_to=tuple(f"{other}-predictions" for other in others),
        ),
        evacuation_bucket=f"{name}-evacuation",
        release_present=True,
        deep_check=endpoint_check(f"deep-{name}", f"predict.{name}.{ZONE}", "/health/ready"),
        watches=tuple(
            Watch(
                watcher=watcher,
                check=endpoint_check(
                    evacuation_id(name, watcher),
                    f"predict.{watcher}.{ZONE}",
                    f"/evacuation/{name}",
                    inverted=True,
                ),
            )
            for watcher in others[:2]
        ),
        serving_check=HealthCheck(
            id=f"serving-{name}",
            kind="CALCULATED",
            inverted=False,
            disabled=False,
            children=(f"deep-{name}", *(evacuation_id(name, each) for each in others[:2])),
            child_threshold=1 + len(others[:2]),
        ),
        objectives=Objectives(rto_s=90, rpo_s=300, availability_ratio=0.75),
        failback_hold_s=60,
        observer=ObserverSettings(
            function=f"observer-{name}",
            look_s=10,
            agreement_s=20,
            hold_down_s=60,
            stale_after_s=30,
            lease_s=60,
            caught_up_s=300,
        ),
    )


def endpoint_check(check_id: str, host: str, path: str, *, inverted: bool = False) -> HealthCheck:
    return HealthCheck(
        id=check_id,
        kind="HTTPS_STR_MATCH",
        inverted=inverted,
        disabled=False,
        host=host,
        path=path,
        port=443,
        search='"evacuated":true' if inverted else '"ready":true',
        interval_s=10,
        failure_threshold=3,
    )


def evacuation_id(name: str, watcher: str) -> str:
    return f"evacuation-{name}-by-{watcher}"


NAMES = ("us-east-1", "us-west-2", "eu-west-1", "ap-south-1", "sa-east-1")


def ring(count: int) -> tuple[Region, ...]:
    names = NAMES[:count]
    return tuple(region(name, names[at + 1 :] + names[:at]) for at, name in enumerate(names))


def link(name: str) -> str:
    return f"cname-failover.{name}.{ZONE}"


def led(name: str, target: str, **routing: object) -> Record:
    return Record(
        name=name,
        kind="CNAME",
        targets=(target,),
        alias=False,
        ttl_s=10,
        **routing,  # type: ignore[arg-type]
    )


def topology(count: int = 2) -> Topology:
    """A chain of failover records: a link of two records for each Region."""
    regions = ring(count)
    records = [led(f"predict.{ZONE}", link(regions[0].region))]
    later_checks: list[HealthCheck] = []
    for at, each in enumerate(regions):
        later = regions[at + 1 :]
        onward = link(later[0].region) if later else regions[0].load_balancer.host
        later_checks.append(
            HealthCheck(
                id=f"later-{each.region}",
                kind="CALCULATED",
                inverted=False,
                disabled=False,
                children=tuple(r.deep_check.id for r in later or regions[:1]),
                child_threshold=1,
            )
        )
        records += [
            led(
                link(each.region),
                each.load_balancer.host,
                set_identifier=each.region,
                failover_role="PRIMARY",
                health_check_id=each.serving_check.id,
            ),
            led(
                link(each.region),
                onward,
                set_identifier=f"{each.region}-onward",
                failover_role="SECONDARY",
                health_check_id=f"later-{each.region}",
            ),
        ]
    return _topology(regions, records, later_checks)


def nearest(count: int = 2) -> Topology:
    """Latency records: one for each Region."""
    regions = ring(count)
    name = f"cname-latency.{ZONE}"
    records = [
        led(f"predict.{ZONE}", name),
        *(
            led(
                name,
                each.load_balancer.host,
                set_identifier=each.region,
                latency_region=each.region,
                health_check_id=each.serving_check.id,
            )
            for each in regions
        ),
    ]
    return _topology(regions, records, [])


def _topology(
    regions: tuple[Region, ...], records: list[Record], joint: list[HealthCheck]
) -> Topology:
    return Topology(
        project="understudy",
        stack="staging",
        zone_id="Z1",
        zone_name=ZONE,
        predict_name=f"predict.{ZONE}",
        records=tuple(records),
        regions=regions,
        joint_checks=tuple(joint),
    )
