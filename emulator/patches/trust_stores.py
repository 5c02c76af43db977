"""ELB: trust stores and mutual TLS, which stock moto does not have.

A trust store takes its bundle in when it is made, as AWS does; listeners keep what they were told
of client certificates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography import x509

from emulator.patches.mending import add, replace


@dataclass(kw_only=True)
class TrustStore:
    """One trust store, under the names by which moto's serialiser finds its members."""

    name: str
    trust_store_arn: str
    bundle: str
    status: str = "ACTIVE"
    total_revoked_entries: int = 0

    @property
    def number_of_ca_certificates(self) -> int:
        """How many authorities the bundle holds."""
        return self.bundle.count("-----BEGIN CERTIFICATE-----")


def apply() -> None:
    """Add the operations on trust stores, and let listeners keep mutual authentication."""
    from moto.elbv2.responses import ELBV2Response

    for operation in (create, describe, modify, delete):
        add(ELBV2Response, f"{operation.__name__}_trust_store{_plural(operation)}", operation)
    _mend_tags()
    _mend_listeners()


def _plural(operation: Any) -> str:
    return "s" if operation is describe else ""


def stores(backend: Any) -> dict[str, TrustStore]:
    """The trust stores of one Region's backend; they go with it when moto is emptied."""
    found: dict[str, TrustStore] = vars(backend).setdefault("trust_stores", {})
    return found


def create(self: Any) -> Any:
    """CreateTrustStore."""
    from moto.core.responses import ActionResult
    from moto.moto_api._internal import mock_random

    backend, name = self.elbv2_backend, self._get_param("Name")
    if any(each.name == name for each in stores(backend).values()):
        raise _error("DuplicateTrustStoreName", f"A trust store with the name '{name}' exists")
    arn = (
        f"arn:aws:elasticloadbalancing:{backend.region_name}:{backend.account_id}:"
        f"truststore/{name}/{mock_random.get_random_hex(16)}"
    )
    made = TrustStore(name=name, trust_store_arn=arn, bundle=_bundle(self))
    stores(backend)[arn] = made
    backend.tagging_service.tag_resource(arn, self._get_param("Tags"))
    return ActionResult({"TrustStores": [made]})


def describe(self: Any) -> Any:
    """DescribeTrustStores."""
    from moto.core.responses import ActionResult

    arns, names = self._get_param("TrustStoreArns", []), self._get_param("Names", [])
    found = [_existing(self.elbv2_backend, arn) for arn in arns] or [
        each for each in stores(self.elbv2_backend).values() if not names or each.name in names
    ]
    return ActionResult({"TrustStores": found})


def modify(self: Any) -> Any:
    """ModifyTrustStore: another bundle."""
    from moto.core.responses import ActionResult

    found = _existing(self.elbv2_backend, self._get_param("TrustStoreArn"))
    found.bundle = _bundle(self)
    return ActionResult({"TrustStores": [found]})


def delete(self: Any) -> Any:
    """DeleteTrustStore; refused while a listener uses it."""
    from moto.core.responses import EmptyResult

    backend = self.elbv2_backend
    found = _existing(backend, self._get_param("TrustStoreArn"))
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            used = getattr(listener, "mutual_authentication", None) or {}
            if used.get("TrustStoreArn") == found.trust_store_arn:
                message = f"Trust store '{found.trust_store_arn}' is in use by {listener.arn}"
                raise _error("TrustStoreInUse", message)
    del stores(backend)[found.trust_store_arn]
    return EmptyResult()


def _existing(backend: Any, arn: str) -> TrustStore:
    if arn not in stores(backend):
        raise _error("TrustStoreNotFound", f"Trust store '{arn}' not found")
    return stores(backend)[arn]


def _bundle(self: Any) -> str:
    """The bundle in S3 that a call names, as PEM."""
    from moto.s3.models import s3_backends

    bucket = self._get_param("CaCertificatesBundleS3Bucket")
    key = self._get_param("CaCertificatesBundleS3Key")
    version = self._get_param("CaCertificatesBundleS3ObjectVersion")
    backend = s3_backends[self.current_account]["aws"]
    found: Any = bucket in backend.buckets and backend.get_object(bucket, key, version_id=version)
    if not found:
        message = f"The specified ca certificate bundle s3://{bucket}/{key} does not exist"
        raise _error("CaCertificatesBundleNotFound", message)
    text = found.value.decode("utf-8", "replace")
    try:
        x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        message = f"The specified ca certificate bundle s3://{bucket}/{key} is invalid: {error}"
        raise _error("InvalidCaCertificatesBundle", message) from error
    return text


def _mend_tags() -> None:
    from moto.elbv2.models import ELBv2Backend

    stock: Any = vars(ELBv2Backend)["_get_resource_by_arn"]  # moto's one place for tags

    def find(self: Any, arn: str) -> Any:
        return _existing(self, arn) if ":truststore/" in arn else stock(self, arn)

    replace(ELBv2Backend, "_get_resource_by_arn", find)


def _mend_listeners() -> None:
    from moto.elbv2.responses import ELBV2Response

    for name in ("create_listener", "modify_listener"):
        stock = getattr(ELBV2Response, name)

        def keep(self: Any, *, stock: Any = stock) -> Any:
            given = self._get_param("MutualAuthentication")
            if given is not None:
                _check_mutual(self, given)
            answer = stock(self)
            if given is not None:
                answer.result["Listeners"][0].mutual_authentication = dict(given)
            return answer

        replace(ELBV2Response, name, keep)


def _check_mutual(self: Any, given: dict[str, Any]) -> None:
    mode, arn = given.get("Mode"), given.get("TrustStoreArn")
    protocol = self._get_param("Protocol") or "HTTPS"
    if mode not in {"off", "passthrough", "verify"}:
        raise _error("ValidationError", f"Mutual authentication mode '{mode}' is not valid")
    if mode != "off" and protocol != "HTTPS":
        message = f"Mutual authentication is for HTTPS listeners, not for {protocol}"
        raise _error("InvalidConfigurationRequest", message)
    if (mode == "verify") is not bool(arn):
        raise _error("ValidationError", f"Mode '{mode}' with the trust store {arn!r}")
    if arn:
        _existing(self.elbv2_backend, arn)


def _error(code: str, message: str) -> Exception:
    from moto.elbv2.exceptions import ELBClientError

    return ELBClientError(code, message)
