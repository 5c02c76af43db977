"""An account to test against: moto's server in this process and short ways to deploy things."""

from __future__ import annotations

import io
import json
import textwrap
import zipfile
from typing import Any

import boto3
from botocore.config import Config

ACCESS_KEY = "AKIAEMULATORADMIN000"
TRUST_LAMBDA = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def package(source: str, **more: str) -> bytes:
    """A Lambda zip with `handler.py` and other files. Same sources, same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in {"handler.py": source, **more}.items():
            archive.writestr(zipfile.ZipInfo(name), textwrap.dedent(content))
    return buffer.getvalue()


class Cloud:
    """Deploys through the AWS API of the in-process moto server."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = "us-east-1") -> Any:
        key = (service, region)
        if key not in self._clients:
            self._clients[key] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key="emulator",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[key]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def role(self, name: str = "worker") -> str:
        iam = self.client("iam")
        try:
            return str(iam.get_role(RoleName=name)["Role"]["Arn"])
        except iam.exceptions.NoSuchEntityException:
            policy = json.dumps(TRUST_LAMBDA)
            made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)
            return str(made["Role"]["Arn"])

    def function(
        self, source: str, *, name: str = "fn", region: str = "us-east-1", **settings: Any
    ) -> str:
        """Create a function and publish version 1; returns the unqualified ARN."""
        settings = {"Handler": "handler.handle", "Timeout": 10, **settings}
        made = self.client("lambda", region).create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=self.role(),
            Code={"ZipFile": package(source)},
            Publish=True,
            **settings,
        )
        return str(made["FunctionArn"]).removesuffix(":1")

    def update(self, source: str, *, name: str = "fn", region: str = "us-east-1") -> str:
        """New code for $LATEST, published; returns the version."""
        client = self.client("lambda", region)
        client.update_function_code(FunctionName=name, ZipFile=package(source))
        return str(client.publish_version(FunctionName=name)["Version"])

    def allow_load_balancer(self, function: str, target_group: str, *, qualifier: str) -> None:
        region = function.split(":")[3]
        self.client("lambda", region).add_permission(
            FunctionName=function,
            Qualifier=qualifier,
            StatementId="alb",
            Action="lambda:InvokeFunction",
            Principal="elasticloadbalancing.amazonaws.com",
            SourceArn=target_group,
        )

    def target_group(self, function: str, *, name: str = "tg", **settings: Any) -> str:
        """A Lambda target group that holds `function` (a qualified ARN) and may call it."""
        unqualified, _, qualifier = function.rpartition(":")
        client = self.client("elbv2", function.split(":")[3])
        made = client.create_target_group(Name=name, TargetType="lambda", **settings)
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
        self.allow_load_balancer(unqualified, arn, qualifier=qualifier)
        client.register_targets(TargetGroupArn=arn, Targets=[{"Id": function}])
        return arn

    def load_balancer(
        self, *, name: str = "alb", region: str = "us-east-1", zones: str = "ab"
    ) -> dict[str, Any]:
        ec2 = self.client("ec2", region)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{region}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate(zones)
        ]
        made = self.client("elbv2", region).create_load_balancer(
            Name=name, Subnets=subnets, SecurityGroups=[self.security_group(vpc, region=region)]
        )
        return dict(made["LoadBalancers"][0])

    def security_group(self, vpc: str, *, region: str = "us-east-1") -> str:
        """A group that lets everybody in, and nothing out."""
        ec2 = self.client("ec2", region)
        group = str(
            ec2.create_security_group(GroupName="open", Description="-", VpcId=vpc)["GroupId"]
        )
        everyone = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[everyone])
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everyone])
        return group

    def certificate(self, *names: str, region: str = "us-east-1") -> str:
        made = self.client("acm", region).request_certificate(
            DomainName=names[0], SubjectAlternativeNames=list(names), ValidationMethod="DNS"
        )
        return str(made["CertificateArn"])

    def listener(
        self,
        load_balancer: dict[str, Any],
        action: dict[str, Any],
        *,
        port: int = 80,
        certificate: str | None = None,
    ) -> str:
        arn = str(load_balancer["LoadBalancerArn"])
        tls = {"Protocol": "HTTPS", "Certificates": [{"CertificateArn": certificate}]}
        made = self.client("elbv2", arn.split(":")[3]).create_listener(
            LoadBalancerArn=arn,
            Port=port,
            DefaultActions=[action],
            **(tls if certificate else {"Protocol": "HTTP"}),
        )
        return str(made["Listeners"][0]["ListenerArn"])

    def zone(self, name: str = "example.com") -> str:
        made = self.client("route53").create_hosted_zone(Name=name, CallerReference=name)
        return str(made["HostedZone"]["Id"])

    def records(self, zone: str, *records: dict[str, Any]) -> None:
        changes = [{"Action": "UPSERT", "ResourceRecordSet": record} for record in records]
        self.client("route53").change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": changes}
        )

    def health_check(self, **config: Any) -> str:
        route53 = self.client("route53")
        reference = f"check {len(route53.list_health_checks()['HealthChecks'])}"
        made = route53.create_health_check(CallerReference=reference, HealthCheckConfig=config)
        return str(made["HealthCheck"]["Id"])
