"""Elastic Load Balancing v2: Application Load Balancers, their listeners and target groups."""

from __future__ import annotations

from typing import Any, Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Input,
    Name,
    Read,
    ResourceType,
    Subject,
    emulated,
    own_id,
    recorded,
)

_NOT_ACTED_ON: Final = "the emulated load balancer does not act on it"
TAGS: Final = tags.listed(put="AddTags", drop="RemoveTags", target="ResourceArns", target_list=True)
READ_TAGS: Final = Read(
    operation="DescribeTags",
    params={"ResourceArns": [own_id]},
    at="TagDescriptions[0].Tags",
    into="Tags",
    when="tags",
)
# Blocks whose AWS name is not the Pascal-cased one.
_ACTION_NAMES: Final = {
    "forward": "ForwardConfig",
    "redirect": "RedirectConfig",
    "fixedResponse": "FixedResponseConfig",
    "arn": "TargetGroupArn",
    "jwtValidation": "JwtValidationConfig",
    "stickiness": "TargetGroupStickinessConfig",
    "duration": "DurationSeconds",
}


def attribute(key: str, **fields: Any) -> Input:
    """An attribute of the key-value kind that is stored and nothing more."""
    return recorded(_NOT_ACTED_ON, attribute=key, **fields)


_LOAD_BALANCER_ATTRIBUTES: Final = {
    "clientKeepAlive": emulated(attribute="client_keep_alive.seconds", unset=3600),
    "desyncMitigationMode": attribute("routing.http.desync_mitigation_mode", unset="defensive"),
    "dropInvalidHeaderFields": attribute(
        "routing.http.drop_invalid_header_fields.enabled", unset=False
    ),
    "enableCrossZoneLoadBalancing": attribute("load_balancing.cross_zone.enabled", unset=True),
    "enableDeletionProtection": emulated(attribute="deletion_protection.enabled", unset=False),
    "enableHttp2": attribute("routing.http2.enabled", unset=True),
    "enableTlsVersionAndCipherSuiteHeaders": attribute(
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled", unset=False
    ),
    "enableWafFailOpen": attribute("waf.fail_open.enabled", unset=False),
    "enableXffClientPort": attribute("routing.http.xff_client_port.enabled", unset=False),
    "enableZonalShift": emulated(attribute="zonal_shift.config.enabled", unset=False),
    "idleTimeout": emulated(attribute="idle_timeout.timeout_seconds", unset=60),
    "preserveHostHeader": attribute("routing.http.preserve_host_header.enabled", unset=False),
    "xffHeaderProcessingMode": attribute("routing.http.xff_header_processing.mode", unset="append"),
}


def _log_attributes(value: dict[str, Any]) -> list[dict[str, str]]:
    """The attributes that a block of logs comes to: as pulumi-aws sends them."""
    enabled = bool(value.get("enabled"))
    attributes = [{"Key": "access_logs.s3.enabled", "Value": "true" if enabled else "false"}]
    if enabled:
        for key in ("bucket", "prefix"):
            found = str(value.get(key) or "")
            attributes.append({"Key": f"access_logs.s3.{key}", "Value": found})
    return attributes


_LOGS: Final = Call(
    operation="ModifyLoadBalancerAttributes",
    only="",
    when="accessLogs",
    extra={
        "LoadBalancerArn": own_id,
        "Attributes": lambda subject: _log_attributes(subject.get("accessLogs") or {}),  # pyright: ignore[reportUnknownLambdaType]  # a template's leaf
    },
)


def _suffix(subject: Subject) -> str:
    return subject.id.partition(":loadbalancer/")[2]


LOAD_BALANCER: Final = ResourceType(
    type="aws:lb/loadBalancer:LoadBalancer",
    service="elbv2",
    inputs={
        "name": emulated(aws="Name", read="LoadBalancerName", force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "internal": recorded(
            "both kinds are reached on loopback addresses",
            aws="Scheme",
            convert=lambda value: "internal" if value else "internet-facing",
            default=False,
            force_new=True,
        ),
        "loadBalancerType": emulated(
            aws="Type", default="application", force_new=True, values=("application",)
        ),
        "subnets": emulated(read="AvailabilityZones[].SubnetId"),
        "securityGroups": emulated(),
        "ipAddressType": emulated(unset="ipv4", values=("ipv4",)),
        "accessLogs": emulated(
            convert=_log_attributes,
            read="attributes[?starts_with(Key, 'access_logs.')]",
            superset=True,
            unset={"enabled": False},
        ),
        **_LOAD_BALANCER_ATTRIBUTES,
    },
    absent="connectionLogs customerOwnedIpv4Pool dnsRecordClientRoutingPolicy "
    "enablePrefixForIpv6SourceNat enforceSecurityGroupInboundRulesOnPrivateLinkTraffic "
    "healthCheckLogs ipamPools minimumLoadBalancerCapacity secondaryIpsAutoAssignedPerSubnet "
    "subnetMappings",
    create=(
        Call(operation="CreateLoadBalancer"),
        Call(
            operation="ModifyLoadBalancerAttributes",
            only=" ".join(_LOAD_BALANCER_ATTRIBUTES),
            when=" ".join(_LOAD_BALANCER_ATTRIBUTES),
            attributes="Attributes",
            extra={"LoadBalancerArn": own_id},
        ),
        _LOGS,
    ),
    id="LoadBalancers[0].LoadBalancerArn",
    reads=(
        Read(
            operation="DescribeLoadBalancers",
            params={"LoadBalancerArns": [own_id]},
            at="LoadBalancers[0]",
        ),
        Read(
            operation="DescribeLoadBalancerAttributes",
            params={"LoadBalancerArn": own_id},
            at="Attributes",
            into="attributes",
            when=" ".join((*_LOAD_BALANCER_ATTRIBUTES, "accessLogs")),
        ),
        READ_TAGS,
    ),
    update=(
        _LOGS,
        Call(
            operation="ModifyLoadBalancerAttributes",
            only=" ".join(_LOAD_BALANCER_ATTRIBUTES),
            attributes="Attributes",
            extra={"LoadBalancerArn": own_id},
        ),
        Call(operation="SetSubnets", only="subnets", extra={"LoadBalancerArn": own_id}),
        Call(
            operation="SetSecurityGroups",
            only="securityGroups",
            extra={"LoadBalancerArn": own_id},
        ),
        Call(operation="SetIpAddressType", only="ipAddressType", extra={"LoadBalancerArn": own_id}),
    ),
    delete=(Call(operation="DeleteLoadBalancer", only="", extra={"LoadBalancerArn": own_id}),),
    outputs={
        "arn": own_id,
        "arnSuffix": _suffix,
        "dnsName": "DNSName",
        "zoneId": "CanonicalHostedZoneId",
        "vpcId": "VpcId",
    },
    not_computed="subnetMappings",
    tags=TAGS,
    name=Name(max_length=32),
    identity="name",
)


def _mutual(inputs: dict[str, Any]) -> list[str]:
    given = inputs.get("mutualAuthentication") or {}
    problems: list[str] = []
    if given.get("mode") == "passthrough":
        problems.append(
            "mutualAuthentication.mode is 'passthrough'; the emulator supports 'off' and 'verify'"
        )
    if given.get("ignoreClientCertificateExpiry"):
        problems.append("the emulator does not support ignoreClientCertificateExpiry")
    return problems


LISTENER: Final = ResourceType(
    type="aws:lb/listener:Listener",
    service="elbv2",
    inputs={
        "loadBalancerArn": emulated(required=True, force_new=True),
        "port": emulated(),
        "protocol": emulated(),
        "sslPolicy": recorded("the emulated TLS uses Python's defaults"),
        "certificateArn": emulated(
            aws="Certificates", convert=lambda value: [{"certificateArn": value}]
        ),
        "defaultActions": emulated(required=True, ordered=True),
        "mutualAuthentication": emulated(unset={"mode": "off"}),
    },
    check=_mutual,
    absent="alpnPolicy "
    "routingHttpRequestXAmznMtlsClientcertHeaderName "
    "routingHttpRequestXAmznMtlsClientcertIssuerHeaderName "
    "routingHttpRequestXAmznMtlsClientcertLeafHeaderName "
    "routingHttpRequestXAmznMtlsClientcertSerialNumberHeaderName "
    "routingHttpRequestXAmznMtlsClientcertSubjectHeaderName "
    "routingHttpRequestXAmznMtlsClientcertValidityHeaderName "
    "routingHttpRequestXAmznTlsCipherSuiteHeaderName "
    "routingHttpRequestXAmznTlsVersionHeaderName "
    "routingHttpResponseAccessControlAllowCredentialsHeaderValue "
    "routingHttpResponseAccessControlAllowHeadersHeaderValue "
    "routingHttpResponseAccessControlAllowMethodsHeaderValue "
    "routingHttpResponseAccessControlAllowOriginHeaderValue "
    "routingHttpResponseAccessControlExposeHeadersHeaderValue "
    "routingHttpResponseAccessControlMaxAgeHeaderValue "
    "routingHttpResponseContentSecurityPolicyHeaderValue routingHttpResponseServerEnabled "
    "routingHttpResponseStrictTransportSecurityHeaderValue "
    "routingHttpResponseXContentTypeOptionsHeaderValue "
    "routingHttpResponseXFrameOptionsHeaderValue tcpIdleTimeoutSeconds",
    create=(Call(operation="CreateListener"),),
    id="Listeners[0].ListenerArn",
    reads=(
        Read(operation="DescribeListeners", params={"ListenerArns": [own_id]}, at="Listeners[0]"),
        READ_TAGS,
    ),
    update=(Call(operation="ModifyListener", extra={"ListenerArn": own_id}),),
    delete=(Call(operation="DeleteListener", only="", extra={"ListenerArn": own_id}),),
    outputs={"arn": own_id},
    tags=TAGS,
    identity="loadBalancerArn port",
    renames=_ACTION_NAMES,
)

_CONDITIONS: Final = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
    "httpHeader": ("http-header", "HttpHeaderConfig"),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig"),
    "pathPattern": ("path-pattern", "PathPatternConfig"),
    "sourceIp": ("source-ip", "SourceIpConfig"),
}


def _conditions(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
    converted: list[dict[str, Any]] = []
    for condition in value:
        for name, block in condition.items():
            if name == "queryStrings":
                converted.append({"Field": "query-string", "QueryStringConfig": {"Values": block}})
            else:
                kind, member = _CONDITIONS.get(name, (name, name))
                converted.append({"Field": kind, member: block})
    return converted


LISTENER_RULE: Final = ResourceType(
    type="aws:lb/listenerRule:ListenerRule",
    service="elbv2",
    inputs={
        "listenerArn": emulated(
            required=True, force_new=True, unread="AWS shows rules inside their listener"
        ),
        "priority": emulated(required=True),
        "conditions": emulated(required=True, convert=_conditions),
        "actions": emulated(required=True, ordered=True),
    },
    absent="transforms",
    create=(Call(operation="CreateRule"),),
    id="Rules[0].RuleArn",
    reads=(
        Read(operation="DescribeRules", params={"RuleArns": [own_id]}, at="Rules[0]"),
        READ_TAGS,
    ),
    update=(
        Call(operation="ModifyRule", extra={"RuleArn": own_id}),
        Call(
            operation="SetRulePriorities",
            only="",
            when="priority",
            extra={
                "RulePriorities": [
                    lambda subject: {  # pyright: ignore[reportUnknownLambdaType]  # a leaf
                        "RuleArn": subject.id,
                        "Priority": subject.get("priority"),
                    }
                ]
            },
        ),
    ),
    delete=(Call(operation="DeleteRule", only="", extra={"RuleArn": own_id}),),
    outputs={"arn": own_id},
    tags=TAGS,
    identity="listenerArn priority",
    renames=_ACTION_NAMES,
)

TYPES: Final = (LOAD_BALANCER, LISTENER, LISTENER_RULE)
