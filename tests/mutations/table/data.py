"""Mistakes in where data lies, and how it moves."""

from tests.mutations.mutation import Mutation, edit

BUCKET = "infra/bucket.py"
REPLICATION = "infra/replication.py"
STREAM = "infra/prediction_stream.py"

MUTATIONS: tuple[Mutation, ...] = (
    edit(
        "replication one way",
        REPLICATION,
        "        for source in args.buckets:\n",
        "        for source in args.buckets[:1]:\n",
        "rule:replication-goes-both-ways",
        "releases are not copied from us-west-2 to us-east-1",
    ),
    edit(
        "predictions are not replicated",
        "__main__.py",
        'Replication("predictions", ReplicationArgs(buckets=tuple(r.predictions for r in',
        'Replication("predictions", ReplicationArgs(buckets=() and tuple(r.predictions for r in',
        "rule:replication-goes-both-ways",
        "predictions are not copied from us-east-1 to us-west-2",
    ),
    edit(
        "replication without metrics",
        REPLICATION,
        '                        "metrics": {\n                            "status": "Enabled",',
        '                        "metrics": {\n                            "status": "Disabled",',
        "rule:replication-copies-all-on-time",
        "has no metrics in its rule to-us-west-2",
    ),
    edit(
        "replication of one folder",
        REPLICATION,
        '"filter": {"prefix": ""},',
        '"filter": {"prefix": "releases/"},',
        "rule:replication-copies-all-on-time",
        "does not copy the whole bucket",
    ),
    edit(
        "replication is set up before the buckets keep versions",
        REPLICATION,
        "depends_on=[source, *destinations]",
        "depends_on=[]",
        "rule:replication-waits-for-versioning",
        "keeps versions",
    ),
    edit(
        "versions are suspended to save money",
        BUCKET,
        'versioning_configuration={"status": "Enabled"}',
        'versioning_configuration={"status": "Suspended"}',
        "rule:buckets-keep-versions",
        "forgets what is overwritten",
    ),
    edit(
        "a lifecycle rule deletes what is older than a month: the releases to go back to",
        "infra/lifecycle.py",
        "        return [_unfinished_uploads()]\n",
        '        return [_unfinished_uploads(), {**_rule("old"), "expiration": {"days": 30}}]\n',
        "rule:only-predictions-age",
        "deletes current objects by its rule old",
    ),
    edit(
        "a lifecycle rule evicts overwritten releases with everything else",
        "infra/lifecycle.py",
        '    if kind == "releases":\n',
        '    if kind == "nothing":\n',
        "rule:only-predictions-age",
        "evicts old versions of releases by its rule deleted",
    ),
    edit(
        "a bucket can be made public by its policy",
        BUCKET,
        "block_public_policy=True",
        "block_public_policy=False",
        "rule:buckets-are-private",
        "can be made public (blockPublicPolicy is off)",
    ),
    edit(
        "predictions are written into one folder for all Regions",
        STREAM,
        'f"predictions/region={region}/date=!',
        'f"predictions/date=!',
        "rule:predictions-flow-into-their-own-regions-bucket",
        "writes under predictions/date=",
    ),
    edit(
        "log batches are not unpacked",
        STREAM,
        '                        _processor("Decompression", "CompressionFormat", "GZIP"),\n',
        "",
        "rule:predictions-flow-into-their-own-regions-bucket",
        "processes records by ['CloudWatchLogProcessing']",
    ),
    edit(
        "the Regions' objectives are in the first one only",
        "infra/objectives.py",
        "region=args.names.region,",
        'region="us-east-1",',
        "rule:objectives-are-in-every-region",
        "us-west-2 has 0 parameters with objectives",
    ),
    edit(
        "replicas of the table cannot be restored to a point in time, the default",
        "infra/table.py",
        "            point_in_time_recovery=True,\n",
        "",
        "rule:tables-can-be-had-back",
        "cannot be restored to a point in time",
    ),
    edit(
        "replicas of the table under the home Region's key",
        "infra/table.py",
        "kms_key_arn=args.key_arns[region],\n            point_in_time_recovery=True,",
        "kms_key_arn=args.key_arns[args.settings.data.home_region],\n"
        "            point_in_time_recovery=True,",
        "rule:tables-are-under-their-regions-key",
        "is under the keys of",
    ),
    edit(
        "the table in its home Region alone",
        "infra/table.py",
        "for each in others}",
        "for each in others[1:]}",
        "rule:every-region-has-the-table",
        "the table is in us-west-2",
    ),
)
