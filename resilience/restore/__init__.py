"""Restores: from a backup or from a point in time, into an empty place, verified, then switched.

All memory is in AWS: a place carries the order that it is for and how far it has come, so that
whoever runs the command next, on whichever machine, goes on where another was interrupted. A place
that is not marked as verified is not restored, whatever is in it. Data-plane calls, AWS Backup and
the control planes of S3 and DynamoDB in the Region concerned; no Pulumi, no Route 53.
"""
