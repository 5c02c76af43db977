"""The certificates of a stack: one a Region, because certificates do not leave theirs."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import StackNames
from infra.zone import predict_name, regional_name

# Plain data of a certificate: which record proves that we own a name.
Proofs = Sequence[aws.acm.outputs.CertificateDomainValidationOption]


@dataclass(frozen=True, kw_only=True)
class CertificatesArgs:
    """What certificates need to know.

    Attributes:
        names: Names in the stack.
        zone_id: The zone that proves who owns the names.
        zone_name: Its DNS name.
        regions: Where certificates are needed.
    """

    names: StackNames
    zone_id: pulumi.Input[str]
    zone_name: str
    regions: tuple[str, ...]


class Certificates(pulumi.ComponentResource):
    """In each Region a certificate for the clients' name and the Region's own, proven by DNS.

    The record that proves a name is the same in every Region of an account, so the clients' name
    has one record for all. Renewal needs it for good: it belongs to no Region.
    https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html

    The ARNs are handed out once the certificates are issued.
    """

    arns: dict[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: CertificatesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Certificates", name, None, opts)
        certificates = {region: self._certificate(region, args) for region in args.regions}
        clients_name = predict_name(args.zone_name)
        first = certificates[args.regions[0]]
        shared = self._proof(f"{name}-shared", clients_name, first, args.zone_id)
        self.arns = {}
        for region, certificate in certificates.items():
            own_name = regional_name(region, args.zone_name)
            own = self._proof(f"{region}-certificate", own_name, certificate, args.zone_id)
            validation = aws.acm.CertificateValidation(
                f"{region}-certificate-issued",
                region=region,
                certificate_arn=certificate.arn,
                validation_record_fqdns=[shared.fqdn, own.fqdn],
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.arns[region] = validation.certificate_arn
        self.register_outputs({"arns": self.arns})

    def _certificate(self, region: str, args: CertificatesArgs) -> aws.acm.Certificate:
        clients_name = predict_name(args.zone_name)
        return aws.acm.Certificate(
            f"{region}-certificate",
            region=region,
            domain_name=clients_name,
            subject_alternative_names=[regional_name(region, args.zone_name)],
            validation_method="DNS",
            tags=args.names.tags(clients_name, region=region),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _proof(
        self, name: str, dns_name: str, certificate: aws.acm.Certificate, zone_id: pulumi.Input[str]
    ) -> aws.route53.Record:
        options = certificate.domain_validation_options
        proof = options.apply(lambda proofs: _proof_of(dns_name, proofs))
        return aws.route53.Record(
            f"{name}-proof",
            zone_id=zone_id,
            name=proof.apply(lambda record: record[0]),
            type="CNAME",
            ttl=300,
            records=[proof.apply(lambda record: record[1])],
            opts=pulumi.ResourceOptions(parent=self),
        )


def _proof_of(name: str, proofs: Proofs) -> tuple[str, str]:
    """Return name and value of the record that proves a name; they come in no certain order."""
    proof = next(each for each in proofs if each.domain_name == name)
    return str(proof.resource_record_name), str(proof.resource_record_value)
