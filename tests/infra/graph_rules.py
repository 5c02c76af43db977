"""The rules the deployed graph keeps; each returns what breaks it, in words.

A rule is a function so that a test can also break the graph and see the rule notice.
"""

from collections.abc import Callable, Iterator

from tests.infra import rules_data, rules_edge, rules_regions, rules_traffic
from tests.infra.graph import Graph

Rule = Callable[[Graph], Iterator[str]]

RULES: tuple[Rule, ...] = (
    rules_regions.states_its_region,
    rules_regions.is_tagged,
    rules_regions.stays_in_its_component,
    rules_regions.is_built_per_region,
    rules_regions.targets_are_checked,
    rules_regions.permission_precedes_registration,
    rules_regions.balancers_serve_https_from_three_zones,
    rules_regions.listeners_wait_for_their_certificate,
    rules_regions.every_name_is_proven_once,
    rules_regions.functions_run_their_own_regions_release,
    rules_regions.functions_log_where_they_are_expected_to,
    rules_data.predictions_flow_into_their_own_regions_bucket,
    rules_data.buckets_are_private_and_keep_versions,
    rules_data.replication_goes_both_ways,
    rules_data.replication_copies_all_and_deletes_nothing,
    rules_data.replication_waits_for_versioning,
    rules_data.roles_are_least,
    rules_edge.every_balancer_has_two_doors,
    rules_edge.clients_find_no_health_paths,
    rules_edge.health_checkers_find_nothing_else,
    rules_edge.only_health_checkers_reach_the_health_door,
    rules_traffic.deep_checks_ask_each_region_itself,
    rules_traffic.evacuation_checks_are_inverted_and_ask_the_watcher,
    rules_traffic.serving_checks_need_both,
    rules_traffic.failover_records_are_complete_and_distinct,
    rules_traffic.regional_names_lead_home,
    rules_traffic.outputs_are_identifiers,
    rules_traffic.objectives_are_in_every_region,
)
