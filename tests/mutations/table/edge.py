"""Mistakes where clients come in."""

from tests.mutations.mutation import Mutation, edit

BALANCER = "infra/load_balancer.py"
SECURITY = "infra/balancer_security.py"
CLIENTS = "infra/client_listener.py"
CHECKERS = "infra/health_listener.py"
PORTS = "infra/ports.py"
REGION_WATCH = "infra/watching/region_watch.py"
TRUST = "infra/client_authentication.py"
FIREWALL = "infra/web_firewall.py"
CERTIFICATES = {"clientAuthentication": "mtls", "clientCaBundle": "authorities.pem"}

MUTATIONS: tuple[Mutation, ...] = (
    edit(
        "connections are kept for an hour, the default",
        BALANCER,
        "            client_keep_alive=_CLIENT_KEEP_ALIVE_S,\n",
        "",
        "rule:load-balancers-let-clients-go",
        "keeps clients that DNS has moved for 3600 s",
    ),
    edit(
        "an old TLS policy, the default",
        PORTS,
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "ELBSecurityPolicy-2016-08",
        "rule:listeners-speak-modern-tls",
        "has an old TLS policy, ELBSecurityPolicy-2016-08",
    ),
    edit(
        "the health door is open to the internet",
        SECURITY,
        '"health", HEALTH_PORT, prefix_list_id=checkers)',
        '"health", HEALTH_PORT, cidr_ipv4="0.0.0.0/0")',
        "rule:only-health-checkers-reach-the-health-door",
        "us-east-1 admits",
    ),
    edit(
        "JWT validation gone from one Region's listener",
        CLIENTS,
        "default_actions=forward_actions(args.settings, args.target_group_arn),",
        "default_actions=forward_actions(args.settings, args.target_group_arn)"
        '[(names.region == "us-west-2") :],',
        "rule:clients-show-who-they-are",
        "us-west-2-balancer-clients-listener: lets anybody in",
        stack="prod",
    ),
    edit(
        "JWT validation gone from one Region's listener, in a stack that is no production",
        CLIENTS,
        "default_actions=forward_actions(args.settings, args.target_group_arn),",
        "default_actions=forward_actions(args.settings, args.target_group_arn)"
        '[(names.region == "us-west-2") :],',
        "rule:every-region-asks-clients-the-same",
        "us-west-2-balancer-clients-listener: asks clients for nothing, and us-east-1 for tokens",
        clientAuthentication="jwt",
        jwtClaim="aud=https://predict.staging.understudy.example",
    ),
    edit(
        "tokens that the issuer made for others are taken",
        TRUST,
        "values=[claim.value],\n            )\n        ],",
        "values=[claim.value],\n            )\n        ][:0],",
        "rule:clients-show-who-they-are",
        "takes tokens that its issuer made for others",
        stack="prod",
    ),
    edit(
        "mutual TLS trust store gone from one Region",
        CLIENTS,
        'args.settings.client_authentication != "mtls":',
        'args.settings.client_authentication != "mtls" or args.names.region == "us-west-2":',
        "rule:every-region-asks-clients-the-same",
        "asks clients for nothing, and us-east-1 for certificates (verify)",
        **CERTIFICATES,
    ),
    edit(
        "certificates are passed on, not checked",
        CLIENTS,
        'mode="verify", trust_store_arn=trust.arn',
        'mode="passthrough"',
        "rule:clients-show-who-they-are",
        "lets anybody in",
        stack="prod",
        **CERTIFICATES,
    ),
    edit(
        "a firewall whose managed rules only count, from its trial",
        FIREWALL,
        '"override_action": {"none": {}},',
        '"override_action": {"count": {}},',
        "rule:web-firewalls-turn-away",
        "only counts what its rule AWSManagedRules",
        stack="prod",
    ),
    edit(
        "a rate limit that only counts",
        FIREWALL,
        '"action": {"block": {}},',
        '"action": {"count": {}},',
        "rule:web-firewalls-turn-away",
        "only counts what its rule rate finds",
        stack="prod",
    ),
    edit(
        "a firewall in the primary's Region alone",
        BALANCER,
        "if args.settings.web_firewall:",
        'if args.settings.web_firewall and names.region == "us-east-1":',
        "rule:every-region-has-a-firewall-or-none-has",
        "us-west-2 has no web ACL",
        stack="prod",
    ),
    edit(
        "SSH from anywhere, for a look",
        SECURITY,
        "        checkers = checkers_prefix_list(names.region)\n",
        '        self._admit(name, names, "ssh", 22, cidr_ipv4="0.0.0.0/0")\n'
        "        checkers = checkers_prefix_list(names.region)\n",
        "rule:only-load-balancers-are-public",
        "lets the internet in by tcp on 22 to 22",
    ),
    edit(
        "evacuation paths are there for clients",
        PORTS,
        'HEALTH_PATHS: Final = ("/health/*", "/evacuation/*")',
        'HEALTH_PATHS: Final = ("/health/*",)',
        "rule:clients-find-no-health-paths",
        "hides /health/* from clients",
    ),
    edit(
        "the health door leads to predictions",
        CHECKERS,
        '["/health/ready", "/health/live"], ready)',
        '["/*"], ready)',
        "rule:health-checkers-find-nothing-else",
        "answers /*, /evacuation/*",
    ),
    edit(
        "the listener is made before its certificate is issued",
        "infra/certificates.py",
        "self.arns[region] = validation.certificate_arn",
        "self.arns[region] = certificates[region].arn",
        "rule:listeners-wait-for-their-certificate",
        "may be made before its certificate is issued",
    ),
    edit(
        "a certificate for the Region's own name only",
        "infra/certificates.py",
        "            domain_name=clients_name,\n",
        "            domain_name=regional_name(region, args.zone_name),\n",
        "program",
        "StopIteration",
    ),
    edit(
        "two availability zones, as in the account the program was tried in",
        "infra/network.py",
        "_ZONE_COUNT: Final = 3",
        "_ZONE_COUNT: Final = 2",
        "rule:every-region-spans-the-same-zones",
        "availability zones",
    ),
    edit(
        "every subnet in one availability zone",
        "infra/network.py",
        "availability_zone=zone,",
        "availability_zone=self.zones[0],",
        "rule:every-region-spans-the-same-zones",
        "two subnets are in one availability zone",
    ),
    edit(
        "practice runs of a zone are watched for nothing that clients see",
        REGION_WATCH,
        'for each in ("availability", "latency")]',
        "for each in ()]",
        "rule:practice-runs-are-ended-by-alarms-of-their-region",
        "has no outcome alarm of this stack",
    ),
    edit(
        "the firewall's log keeps clients' bearer tokens",
        "infra/web_firewall.py",
        '_CREDENTIALS: Final = ("authorization", "cookie")',
        '_CREDENTIALS: Final = ("cookie",)',
        "rule:firewall-logs-hold-no-credentials",
        "writes down clients' authorization headers",
        stack="prod",
    ),
)
