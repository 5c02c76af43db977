"""Mistakes where clients come in."""

from tests.mutations.mutation import Mutation, edit

BALANCER = "infra/load_balancer.py"
SECURITY = "infra/balancer_security.py"
CLIENTS = "infra/client_listener.py"
CHECKERS = "infra/health_listener.py"
PORTS = "infra/ports.py"
REGION_WATCH = "infra/watching/region_watch.py"

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
        "availability_zone=zones[0],",
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
