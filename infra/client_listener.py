"""The door for clients: predictions, and nothing that only health checkers ask for."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.client_authentication import ClientTrust, ClientTrustArgs, forward_actions
from infra.naming import RegionNames
from infra.ports import CLIENT_PORT, HEALTH_PATHS, NOT_FOUND_BODY, TLS_POLICY
from infra.settings.edge import EdgeSettings


@dataclass(frozen=True, kw_only=True)
class ClientListenerArgs:
    """What a listener for clients needs to know.

    Attributes:
        names: Names in its Region.
        load_balancer_arn: The load balancer it is a door of.
        certificate_arn: A certificate that is issued already.
        target_group_arn: Who answers.
        settings: The edge's settings: who may call.
        bundle_bucket: A bucket of the Region, for the authorities of client certificates.
    """

    names: RegionNames
    load_balancer_arn: pulumi.Input[str]
    certificate_arn: pulumi.Input[str]
    target_group_arn: pulumi.Input[str]
    settings: EdgeSettings
    bundle_bucket: pulumi.Input[str]


class ClientListener(pulumi.ComponentResource):
    """Forwards what those clients ask who may; health paths are not there for them."""

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: ClientListenerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:ClientListener", name, None, opts)
        names = args.names
        listener = aws.lb.Listener(
            f"{name}-listener",
            region=names.region,
            load_balancer_arn=args.load_balancer_arn,
            port=CLIENT_PORT,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=args.certificate_arn,
            default_actions=forward_actions(args.settings, args.target_group_arn),
            mutual_authentication=self._mutual_authentication(name, args),
            tags=names.tags(names.name("https")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = listener.arn
        aws.lb.ListenerRule(
            f"{name}-no-health",
            region=names.region,
            listener_arn=self.arn,
            priority=10,
            conditions=[{"path_pattern": {"values": list(HEALTH_PATHS)}}],
            actions=[
                {
                    "type": "fixed-response",
                    "fixed_response": {
                        "status_code": "404",
                        "content_type": "application/json",
                        "message_body": NOT_FOUND_BODY,
                    },
                }
            ],
            tags=names.tags(names.name("no-health")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"arn": self.arn})

    def _mutual_authentication(
        self, name: str, args: ClientListenerArgs
    ) -> aws.lb.ListenerMutualAuthenticationArgs | None:
        if args.settings.client_authentication != "mtls":
            return None
        trust = ClientTrust(
            f"{name}-trust",
            ClientTrustArgs(
                names=args.names, settings=args.settings, bucket_name=args.bundle_bucket
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.lb.ListenerMutualAuthenticationArgs(mode="verify", trust_store_arn=trust.arn)
