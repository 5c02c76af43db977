"""The Pulumi program: settings, then components, then outputs."""

import pulumi
import pulumi_aws as aws

from infra.backup import Backups, BackupsArgs
from infra.capacity import refuse_small_quotas
from infra.certificates import Certificates, CertificatesArgs
from infra.drills.drills import Drills, DrillsArgs
from infra.keys import Keys, KeysArgs
from infra.naming import StackNames
from infra.network import refuse_few_zones
from infra.outputs import stack_outputs
from infra.region import regions_of
from infra.release import read_release
from infra.replication import Replication, ReplicationArgs
from infra.settings import doubts, load_settings
from infra.table import Table, TableArgs
from infra.traffic import Traffic, TrafficArgs
from infra.watching.watching import Watching, WatchingArgs
from infra.zone import Zone, ZoneArgs

settings = load_settings()
for doubt in doubts(settings):
    pulumi.log.warn(doubt)
refuse_small_quotas(settings)
refuse_few_zones(settings.regions)
release = read_release(settings.release, container=settings.runtime.container)
names = StackNames(
    project=pulumi.get_project(),
    stack=pulumi.get_stack(),
    account_id=aws.get_caller_identity().account_id,
)

keys = Keys("keys", KeysArgs(names=names, settings=settings))
zone = Zone("zone", ZoneArgs(names=names, settings=settings))
certificates = Certificates(
    "certificates",
    CertificatesArgs(
        names=names, zone_id=zone.zone_id, zone_name=settings.zone_name, regions=settings.regions
    ),
)
regions = regions_of(
    names, settings, release, certificate_arns=certificates.arns, key_arns=keys.arns
)
Replication("releases", ReplicationArgs(buckets=tuple(r.releases for r in regions.values())))
Replication("predictions", ReplicationArgs(buckets=tuple(r.predictions for r in regions.values())))
table = Table("table", TableArgs(names=names, settings=settings, key_arns=keys.arns))
Backups("backups", BackupsArgs(settings=settings, regions=regions, table=table, key_arns=keys.arns))
traffic = Traffic(
    "traffic",
    TrafficArgs(names=names, settings=settings, zone_id=zone.zone_id, regions=regions),
)
watching = Watching(
    "watching",
    WatchingArgs(
        names=names,
        settings=settings,
        release=release,
        key_arns=keys.arns,
        table=table,
        regions=regions,
        traffic=traffic,
    ),
)
drills = Drills(
    "drills",
    DrillsArgs(
        settings=settings,
        release=release,
        key_arns=keys.arns,
        regions=regions,
        traffic=traffic,
        watching=watching,
    ),
)

outputs = stack_outputs(names, zone, traffic, regions, table, watching=watching, drills=drills)
for output, value in outputs.items():
    pulumi.export(output, value)
