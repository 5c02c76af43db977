"""Who may call: bearer tokens checked by the listener, or client certificates in the handshake."""

import hashlib
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.settings.edge import EdgeSettings


class ClientCaBundleError(pulumi.RunError):
    """The bundle of authorities for client certificates cannot be used."""


def forward_actions(
    settings: EdgeSettings, target_group_arn: pulumi.Input[str]
) -> list[aws.lb.ListenerDefaultActionArgs]:
    """Return what a listener does with a client's request: check the token if any, then forward.

    The load balancer takes a token of this issuer, signed with RS256 by a key of its key set, in
    its time; and only one that was made for us: an issuer makes tokens for others as well.
    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-verify-jwt.html
    """
    claim = settings.jwt_claim
    if settings.client_authentication != "jwt" or claim is None:
        return [_forward(target_group_arn)]
    validate = aws.lb.ListenerDefaultActionJwtValidationArgs(
        issuer=settings.jwt_issuer,
        jwks_endpoint=settings.jwt_jwks_endpoint,
        additional_claims=[
            aws.lb.ListenerDefaultActionJwtValidationAdditionalClaimArgs(
                name=claim.name,
                # A list of scopes is one text: https://www.rfc-editor.org/rfc/rfc8693#section-4.2
                format="space-separated-values" if claim.name == "scope" else "single-string",
                values=[claim.value],
            )
        ],
    )
    check = aws.lb.ListenerDefaultActionArgs(
        type="jwt-validation", jwt_validation=validate, order=1
    )
    return [check, _forward(target_group_arn, order=2)]


def _forward(
    target_group_arn: pulumi.Input[str], *, order: int | None = None
) -> aws.lb.ListenerDefaultActionArgs:
    return aws.lb.ListenerDefaultActionArgs(
        type="forward", target_group_arn=target_group_arn, order=order
    )


@dataclass(frozen=True, kw_only=True)
class ClientTrustArgs:
    """What a trust store needs to know.

    Attributes:
        names: Names in its Region.
        settings: The edge's settings, with a bundle.
        bucket_name: A bucket of the Region, where the bundle is handed over.
    """

    names: RegionNames
    settings: EdgeSettings
    bucket_name: pulumi.Input[str]


class ClientTrust(pulumi.ComponentResource):
    """The authorities whose client certificates a Region takes (mutual TLS, `verify`).

    The bundle's key carries its digest, so another bundle is another object, and an update of the
    trust store in place: old and new certificates are taken side by side while both are in it.
    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html
    """

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: ClientTrustArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:ClientTrust", name, None, opts)
        names, path = args.names, args.settings.client_ca_bundle
        try:
            bundle = path.read_bytes() if path else b""
        except OSError as error:
            raise ClientCaBundleError(f"clientCaBundle {path} cannot be read: {error}") from error
        if b"-----BEGIN CERTIFICATE-----" not in bundle:
            raise ClientCaBundleError(f"clientCaBundle {path} holds no certificate in PEM form")
        stored = aws.s3.BucketObjectv2(
            f"{name}-bundle",
            region=names.region,
            bucket=args.bucket_name,
            key=f"client-authorities/{hashlib.sha256(bundle).hexdigest()}.pem",
            source=pulumi.FileAsset(str(path)),
            content_type="application/x-pem-file",
            tags=names.tags(names.name("clients")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        store = aws.lb.TrustStore(
            f"{name}-store",
            region=names.region,
            name=names.name("clients"),
            ca_certificates_bundle_s3_bucket=stored.bucket,
            ca_certificates_bundle_s3_key=stored.key,
            tags=names.tags(names.name("clients")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = store.arn
        self.register_outputs({"arn": self.arn})
