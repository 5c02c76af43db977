"""A sound two-Region topology, to break one thing at a time."""

from __future__ import annotations

from resilience.objectives import Objectives
from resilience.topology import (
    Bucket,
    Function,
    HealthCheck,
    Listener,
    ListenerRule,
    LoadBalancer,
    Record,
    Region,
    TargetGroup,
    Topology,
)

ZONE = "staging.test.example"
CODE = "c" * 64


def region(name: str, other: str) -> Region:
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
            name=f"{name}-releases", versioned=True, replicates_to=(f"{other}-releases",)
        ),
        prediction_bucket=Bucket(
            name=f"{name}-predictions", versioned=True, replicates_to=(f"{other}-predictions",)
        ),
        evacuation_bucket=f"{name}-evacuation",
        release_present=True,
        deep_check=endpoint_check(f"deep-{name}", f"predict.{name}.{ZONE}", "/health/ready"),
        evacuation_check=endpoint_check(
            f"evacuation-{name}", f"predict.{other}.{ZONE}", f"/evacuation/{name}", inverted=True
        ),
        serving_check=HealthCheck(
            id=f"serving-{name}",
            kind="CALCULATED",
            inverted=False,
            disabled=False,
            children=(f"deep-{name}", f"evacuation-{name}"),
            child_threshold=2,
        ),
        objectives=Objectives(rto_s=90, rpo_s=300, availability_ratio=0.75),
        failback_hold_s=60,
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
        search='"ready":true',
        interval_s=10,
        failure_threshold=3,
    )


def topology() -> Topology:
    regions = (region("us-east-1", "us-west-2"), region("us-west-2", "us-east-1"))
    records = tuple(
        Record(
            name=f"predict.{ZONE}",
            kind="CNAME",
            targets=(each.load_balancer.host,),
            alias=False,
            ttl_s=10,
            set_identifier=each.region,
            failover_role=role,
            health_check_id=each.serving_check.id,
        )
        for each, role in zip(regions, ("PRIMARY", "SECONDARY"), strict=True)
    )
    return Topology(
        project="understudy",
        stack="staging",
        zone_id="Z1",
        zone_name=ZONE,
        predict_name=f"predict.{ZONE}",
        records=records,
        regions=regions,
    )
