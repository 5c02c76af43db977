"""ACM: a certificate is issued by its validation records, and by nothing else.

Stock moto issues certificates after a wait and lists validation options in random order.
https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
"""

from __future__ import annotations

from typing import Any

from emulator.patches.mending import replace


def apply() -> None:
    """Make issuance depend on the records in the hosted zones."""
    from moto.acm.models import CertBundle

    stock_check, stock_describe = CertBundle.check, CertBundle.describe

    def describe(self: Any) -> dict[str, Any]:
        described: dict[str, Any] = stock_describe(self)
        options = described["Certificate"].get("DomainValidationOptions")
        if options:  # moto keeps them in a set; AWS lists the certificate's own name first
            options.sort(
                key=lambda each: (each["DomainName"] != self.common_name, each["DomainName"])
            )
        if self.status != "ISSUED":
            described["Certificate"].pop("IssuedAt", None)
        return described

    def check(self: Any) -> None:
        pending = self.type == "AMAZON_ISSUED" and self.status == "PENDING_VALIDATION"
        stock_check(self)
        if not pending or self.status == "EXPIRED":
            return
        self.status = "PENDING_VALIDATION"
        options = stock_describe(self)["Certificate"]["DomainValidationOptions"]
        account = self.arn.split(":")[4]
        records = validation_records(account)
        if all(_wanted(each["ResourceRecord"]) in records for each in options):
            self.status = "ISSUED"

    replace(CertBundle, "check", check)
    replace(CertBundle, "describe", describe)


def validation_records(account: str) -> set[tuple[str, str]]:
    """Name and value of every CNAME in every public zone, lower-case, without final dots."""
    from moto.route53.models import route53_backends

    zones = list(route53_backends[account]["aws"].zones.values())
    return {
        (_bare(record.name), _bare(value))
        for zone in zones
        if not zone.private_zone
        for record in list(zone.rrsets)
        if record.type == "CNAME"
        for value in record.records or []
    }


def _wanted(record: dict[str, str]) -> tuple[str, str]:
    return _bare(record["Name"]), _bare(record["Value"])


def _bare(name: str) -> str:
    return name.rstrip(".").lower()
