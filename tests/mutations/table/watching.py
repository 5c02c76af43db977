"""Mistakes in what wakes somebody, and in backups."""

from tests.mutations.mutation import Mutation, edit

ALARMS = "infra/watching/alarms.py"
HEALTH = "infra/watching/health_alarms.py"
PLAN = "infra/backup_plan.py"
VAULT = "infra/backup_vault.py"

MUTATIONS: tuple[Mutation, ...] = (
    edit(
        "missing data left to the default",
        ALARMS,
        "            treat_missing_data=alarm.missing,\n",
        "",
        "rule:alarms-say-what-silence-means",
        "treats missing data as the default",
    ),
    edit(
        "an alarm on a Region's health fires when it is well",
        HEALTH,
        'comparison="LessThanThreshold"',
        'comparison="GreaterThanThreshold"',
        "rule:alarms-fire-on-the-bad-side",
        "fires when HealthCheckStatus is GreaterThanThreshold",
    ),
    edit(
        "alarms that turn red and tell nobody",
        ALARMS,
        "            treat_missing_data=alarm.missing,\n"
        "            alarm_actions=[args.topic_arn],\n",
        "            treat_missing_data=alarm.missing,\n",
        "rule:alarms-tell-their-regions-topic",
        "alarmActions lead to no topic",
    ),
    edit(
        "the topic is under the key that AWS manages, which refuses CloudWatch",
        "infra/watching/topic.py",
        "kms_master_key_id=args.key_arn",
        'kms_master_key_id="alias/aws/sns"',
        "rule:topics-are-heard-and-encrypted",
        "is encrypted by alias/aws/sns",
    ),
    edit(
        "the canary's probes of its own Region, not of the others",
        "infra/watching/watching.py",
        "if other != region)",
        "if other == region)",
        "rule:every-region-is-watched-by-every-other",
        "no alarm in us-east-1 tells of us-west-2",
    ),
    edit(
        "backups are copied within their Region",
        PLAN,
        "destination_vault_arn=args.copy_vault.arn",
        "destination_vault_arn=args.vault.arn",
        "rule:backups-leave-the-region",
        "backs up in us-east-1 alone",
    ),
    edit(
        "backups without a copy",
        "infra/backup.py",
        "copy_vault=self.vaults[refuge],",
        "copy_vault=vault,",
        "rule:backups-leave-the-region",
        "backs up in us-east-1 alone",
    ),
    edit(
        "the buckets' own Region restores its copies",
        "infra/backup.py",
        "            twin = args.regions[refuge]\n",
        "            twin = source\n",
        "rule:restores-are-tested-where-the-copies-are",
        "restores what is its own Region's",
    ),
    edit(
        "predictions are left out of the backups",
        "infra/backup.py",
        "buckets=(source.releases, source.predictions),",
        "buckets=(source.releases,),",
        "rule:everything-that-is-kept-is-backed-up",
        "us-east-1-predictions-bucket: is in no backup selection of its Region",
    ),
    edit(
        "the table is left out of the backups",
        PLAN,
        "resources=[*(bucket.arn for bucket in args.buckets), args.table_arn],",
        "resources=[*(bucket.arn for bucket in args.buckets)],",
        "rule:everything-that-is-kept-is-backed-up",
        "is in no backup selection of us-east-1",
    ),
    edit(
        "every Region backs up the home Region's table",
        "infra/backup.py",
        "table_arn=args.table.arns[region],",
        "table_arn=args.table.arns[args.settings.data.home_region],",
        "rule:everything-that-is-kept-is-backed-up",
        "is in no backup selection of us-east-1",
    ),
    edit(
        "restore tests leave the table out",
        "infra/restore_tests.py",
        '            "tables": ("DynamoDB", [arn_by_name(args.source)]),\n',
        "",
        "rule:restores-are-tested-where-the-copies-are",
        "nothing of DynamoDB is ever restored in us-west-2",
    ),
    edit(
        "restore tests that could not be judged are dropped",
        "infra/restore_tests.py",
        "        dead_letters=args.dead_letters,\n",
        "",
        "rule:what-events-call-keeps-dead-letters",
        "which drops what it could not handle",
    ),
    edit(
        "production's vaults are not locked",
        VAULT,
        "        if settings.locked:\n            compliance",
        "        if not settings.locked:\n            compliance",
        "rule:vaults-are-locked-in-production",
        "is not locked, and this is production",
        stack="prod",
    ),
    edit(
        "a lock that an administrator can take off",
        VAULT,
        "changeable_for_days=settings.lock_changeable_days if compliance else None",
        "changeable_for_days=None",
        "rule:vaults-are-locked-in-production",
        "has a lock that an administrator can take off",
        stack="prod",
    ),
    edit(
        "production's load balancers can be deleted by one command",
        "infra/load_balancer.py",
        "enable_deletion_protection=args.deletion_protection",
        "enable_deletion_protection=False",
        "rule:production-is-not-deleted-by-a-slip",
        "has no deletion protection",
        stack="prod",
    ),
)
