"""Named parameters of the models: what AWS documents, and what it does not (said so each time)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """How clients, resolvers, AWS and people behave besides what a stack sets.

    Attributes:
        requests_per_s: Client traffic, an open loop of probes.
        clients: Simulated clients that send in turn; half of them keep connections.
        client_timeout_s: How long a client waits for a reply.
        request_s: How long a warm request takes.
        overstaying_ratio: Share of resolvers that keep an answer longer than its TTL. Unverified.
        overstay_s: How long those keep it at least. Unverified.
        checkers: Route 53 health checkers an endpoint. Unverified: AWS does not document it.
        cold_start_s: How long a new environment takes to answer its first request. Measured for
            the release's own package (docs), and a matter of memory; unverified for AWS.
        environments_per_10_s: How fast a function grows.
            https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
        load_concurrency: Requests at once that the whole load of the stack is, of which the
            clients are a sample. Unverified: a deployed stack does not say it.
        s3_lag_median_s: Median of the lag of S3 replication. Unverified; the only promise is
            99.9 % within 15 minutes, with replication time control.
            https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html
        s3_lag_p99_s: Its 99th percentile. Unverified.
        table_lag_median_s: Median of a global table's lag; "typically under a second", no promise.
            https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
        table_lag_p99_s: Its 99th percentile. Unverified.
        writes_per_s: Acknowledged writes a second, each of which is to be replicated.
        zone_leaves_s: From the loss of a zone until the load balancer's name no longer gives its
            address. Unverified.
        backlog_per_s: Objects a second by which a stalled replication's backlog drains. Unverified.
        alarm_period_s: Period of the alarms that page.
        alarm_delay_s: From the end of a period to the alarm's state. Unverified.
        notification_s: From an alarm to a person's phone. Unverified.
        reaction_median_s: From there until somebody reads the runbook. Unverified.
        reaction_p99_s: Its 99th percentile. Unverified.
        patience_s: How long a Region must look well before the operator asks for failback.
    """

    requests_per_s: float = 20.0
    clients: int = 20
    client_timeout_s: float = 2.0
    request_s: float = 0.05
    overstaying_ratio: float = 0.03
    overstay_s: float = 300.0
    checkers: int = 16
    cold_start_s: float = 0.4
    environments_per_10_s: int = 1000
    load_concurrency: float = 25.0
    s3_lag_median_s: float = 1.5
    s3_lag_p99_s: float = 15.0
    table_lag_median_s: float = 0.7
    table_lag_p99_s: float = 5.0
    writes_per_s: float = 1.0
    zone_leaves_s: float = 60.0
    backlog_per_s: float = 100.0
    alarm_period_s: float = 60.0
    alarm_delay_s: float = 30.0
    notification_s: float = 20.0
    reaction_median_s: float = 300.0
    reaction_p99_s: float = 1500.0
    patience_s: float = 300.0
