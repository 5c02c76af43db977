"""Every rule of the settings, one broken at a time."""

import json
from pathlib import Path

import pytest

from infra.aws_regions import REGIONS
from infra.settings import Settings, SettingsError, doubts, parse_settings
from infra.settings.edge import Claim
from tests.infra.graph import stack_config


def parse(stack: str = "staging", /, **overrides: str) -> Settings:
    return parse_settings(stack_config(stack, **overrides), project="understudy", stack=stack)


def refusals(**overrides: str) -> dict[str, str]:
    """Return what is said of each key when these settings are tried."""
    with pytest.raises(SettingsError) as caught:
        parse(**overrides)
    return {problem.key: str(problem) for problem in caught.value.problems}


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_both_stacks_are_valid_and_beyond_doubt(stack: str) -> None:
    assert doubts(parse(stack)) == (), "a stack's own settings must be able to hold its objectives"


def test_staging_reads_as_written() -> None:
    settings = parse("staging")
    assert settings.regions == ("us-east-1", "us-west-2"), "order is preference"
    assert settings.record_type == "cname"
    assert settings.record_ttl_s == 10
    assert settings.release == Path("build/release/release.zip")
    assert settings.objectives.availability == 0.65
    assert settings.deletion_protection is False


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("zoneName", "localhost", "two labels"),
        ("zoneName", "Understudy.example", "lower case"),
        ("zoneName", "understudy.example.", "no dot"),
        ("zoneName", "under_study.example", "DNS name"),
        ("zoneName", "-a.example", "DNS name"),
        ("zoneName", "a..example", "DNS name"),
        ("zoneName", f"{'a' * 50}.example", "56 characters"),
        ("regions", '["us-east-1"]', "2 to 8 Regions, not 1"),
        ("regions", json.dumps(REGIONS[:9]), "2 to 8 Regions, not 9"),
        ("regions", '["us-east-1", "us-east-1"]', "each Region once"),
        ("regions", '["us-east-1", "us-west-9"]', "us-west-9 is not one"),
        ("regions", "us-east-1,us-west-2", "a list of Regions"),
        ("regions", '{"us-east-1": 1}', "a list of Regions"),
        ("regions", "[1, 2]", "1, 2 is not one"),
        ("routing", "weighted", '"failover" or "latency"'),
        ("release", "build/release", ".zip"),
        ("recordType", "CNAME", '"alias" or "cname"'),
        ("recordTtlSeconds", "0", "1 to 60"),
        ("recordTtlSeconds", "61", "1 to 60"),
        ("recordTtlSeconds", "10s", "1 to 60"),
        ("healthCheckIntervalSeconds", "20", "10, 30"),
        ("failureThreshold", "0", "1 to 10"),
        ("failureThreshold", "11", "1 to 10"),
        ("failureThreshold", "3.0", "1 to 10"),
        ("functionMemoryMb", "127", "128 to 10240"),
        ("functionMemoryMb", "10241", "128 to 10240"),
        ("functionTimeoutSeconds", "0", "1 to 30"),
        ("functionTimeoutSeconds", "31", "1 to 30"),
        ("logRetentionDays", "8", "one of 1, 3, 5, 7"),
        ("predictionBufferSeconds", "-1", "0 to 900"),
        ("predictionBufferSeconds", "901", "0 to 900"),
        ("rtoSeconds", "0", "1 to 86400"),
        ("rpoSeconds", "86401", "1 to 86400"),
        ("availability", "0", "above 0 and at most 1"),
        ("availability", "1.01", "above 0 and at most 1"),
        ("availability", "99%", "above 0 and at most 1"),
        ("availability", "nan", "above 0 and at most 1"),
        ("deletionProtection", "yes", "true or false"),
        ("failbackHoldSeconds", "-1", "0 to 86400"),
        ("homeRegion", "eu-west-1", "one of the stack's regions: us-east-1, us-west-2"),
        ("operatorRoles", "[]", "names of IAM roles"),
        ("operatorRoles", '["a b"]', "names of IAM roles"),
        ("keyDeletionDays", "6", "7 to 30"),
        ("clientAuthentication", "basic", '"none" or "jwt" or "mtls"'),
        ("jwtIssuer", "a b", "none of them blank"),
        ("jwtIssuer", "i" * 257, "at most 256 characters"),
        ("jwtJwksEndpoint", "http://i.example/keys", "beginning with https://"),
        ("jwtJwksEndpoint", "https://i.example", "with its path"),
        ("jwtClaim", "predictions", "a claim and its value"),
        ("jwtClaim", "exp=1", "always checked"),
        ("clientCaBundle", "authorities.crt", ".pem"),
        ("accessLogDays", "0", "1 to 3650"),
        ("webFirewall", "maybe", "true or false"),
        ("webFirewallLogs", "some", '"off" or "blocked" or "all"'),
        ("zonalAutoshift", "weekly", "true or false"),
        ("practiceRunBlockedWindows", "Sat", "a list of windows"),
        ("practiceRunBlockedWindows", '["Fri:18:00-Mon:06:00"]', "within one day"),
        ("practiceRunBlockedWindows", '["Fri:18:00-Fri:24:00"]', "within one day"),
        ("practiceRunBlockedWindows", '["Fri:18:00-Fri:18:00"]', "within one day"),
        ("practiceRunBlockedDates", '["20271224"]', "dates such as"),
        ("practiceRunBlockedDates", '["2027-12-24", "2027-12-24"]', "each once"),
        ("requestsPerFiveMinutes", "999", "1000 to 100000000"),
        ("keyDeletionDays", "31", "7 to 30"),
        ("predictionDays", "-1", "0 to 36500"),
        ("tableConsistency", "strict", '"eventual" or "strong"'),
        ("tableConsistency", "strong", "the three that strong consistency needs"),
        ("tableWitnessRegion", "mars", "the name of an AWS Region"),
        ("tableWitnessRegion", "us-east-2", "only strong tables have a witness"),
        ("predictionArchiveDays", "30", "less than predictionDays (30)"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(key: str, value: str, expected: str) -> None:
    said = refusals(**{key: value})
    assert list(said) == [f"understudy:{key}"], "one mistake is one problem, under its own key"
    assert f'got "{value}"' in said[f"understudy:{key}"], "the value is repeated"
    assert expected in said[f"understudy:{key}"], "what is expected is said"


@pytest.mark.parametrize("key", sorted(stack_config("staging")))
def test_a_missing_setting_is_refused_by_its_key(key: str) -> None:
    config = stack_config("staging")
    del config[key]
    with pytest.raises(SettingsError, match=f"understudy:{key}: it is not set"):
        parse_settings(config, project="understudy", stack="staging")


def test_all_problems_are_reported_together() -> None:
    said = refusals(failureThreshold="11", recordType="alias", zoneName="x", colour="red")
    assert set(said) == {
        "understudy:failureThreshold",
        "understudy:recordTtlSeconds",  # staging's 10 s, which an alias cannot have
        "understudy:zoneName",
        "understudy:colour",
    }, "nobody should have to deploy four times to see four mistakes"


def test_an_unknown_key_is_refused_with_the_nearest_known_one() -> None:
    said = refusals(failureTreshold="3")["understudy:failureTreshold"]
    assert "did you mean understudy:failureThreshold?" in said


def test_an_unknown_key_that_is_like_no_other_is_not_guessed_at() -> None:
    said = refusals(xyzzy="red")["understudy:xyzzy"]
    assert "did you mean" not in said
    assert "docs/reference/settings.md" in said


def test_a_ttl_of_ones_own_needs_a_cname() -> None:
    said = refusals(recordType="alias")["understudy:recordTtlSeconds"]
    assert "Route 53 fixes" in said
    assert 'set recordType to "cname"' in said
    assert parse(recordType="alias", recordTtlSeconds="60").record_ttl_s == 60


@pytest.mark.parametrize(
    "stack", ["a-name-too-long-for-a-bucket", "Staging", "1st", "a_b", "a--b", "a-", ""]
)
def test_a_stack_that_cannot_name_its_resources_is_refused(stack: str) -> None:
    with pytest.raises(SettingsError, match="stack: got"):
        parse_settings(stack_config("staging"), project="understudy", stack=stack)


def test_a_slow_failover_is_legal_but_doubted() -> None:
    settings = parse(failureThreshold="10", healthCheckIntervalSeconds="30")
    (doubt,) = doubts(settings)
    assert "rtoSeconds is 98" in doubt, "the objective is named"
    assert "= 310 s" in doubt, "30 s x 10 + 10 s is what a client sees at worst"


def test_a_buffer_longer_than_the_objective_is_legal_but_doubted() -> None:
    (doubt,) = doubts(parse(predictionBufferSeconds="301"))
    assert "rpoSeconds is 300" in doubt


def test_every_region_order_is_kept() -> None:
    turned = json.dumps(["us-west-2", "us-east-1"])
    assert parse(regions=turned).regions == ("us-west-2", "us-east-1")


def test_production_names_who_operates_it() -> None:
    said = refusals(operatorRoles='["*"]', production="true", deletionProtection="true")
    assert "names of roles, not everybody" in said["understudy:operatorRoles"]
    for pattern in ("**", "?*"):
        said = refusals(operatorRoles=json.dumps(["deployer", pattern]), production="true")
        assert "not everybody" in said["understudy:operatorRoles"], "however it is written"
    assert parse(operatorRoles='["*"]', production="false").data.operator_roles == ("*",)


def test_a_client_shows_what_the_settings_say() -> None:
    prod = parse("prod").edge
    assert (prod.client_authentication, prod.jwt_claim) == (
        "jwt",
        Claim(name="aud", value="https://predict.understudy.example"),
    )
    assert parse("staging").edge.client_authentication == "none"


@pytest.mark.parametrize(
    ("how", "key"),
    [
        ("jwt", "jwtIssuer"),
        ("jwt", "jwtJwksEndpoint"),
        ("jwt", "jwtClaim"),
        ("mtls", "clientCaBundle"),
    ],
)
def test_what_clients_are_checked_by_must_be_set(how: str, key: str) -> None:
    given = {
        "jwtIssuer": "https://i.example/",
        "jwtJwksEndpoint": "https://i.example/keys",
        "jwtClaim": "scope=predict",
        "clientCaBundle": "authorities.pem",
    }
    assert parse(clientAuthentication=how, **given).edge.client_authentication == how
    said = refusals(clientAuthentication=how, **{**given, key: ""})
    assert list(said) == [f"understudy:{key}"]
    assert f'clientAuthentication "{how}"' in said[f"understudy:{key}"]


def test_production_is_not_open_to_everybody() -> None:
    with pytest.raises(SettingsError, match="clientAuthentication") as caught:
        parse("prod", clientAuthentication="none")
    assert len(caught.value.problems) == 1


def test_tokens_for_another_stacks_name_are_legal_but_doubted() -> None:
    (doubt,) = doubts(parse("prod", zoneName="understudy2.example"))
    assert "tokens for predict.understudy.example" in doubt
    assert "clients call predict.understudy2.example" in doubt
    for claim in (
        "aud=predictions",
        "scope=https://predict.other.example",
        "aud=https://a.example",
    ):
        assert doubts(parse("prod", jwtClaim=claim)) == (), "who names them otherwise means it"
    assert doubts(parse(jwtClaim="aud=https://predict.other.example")) == (), "no tokens are asked"


def test_a_strong_table_spans_three_regions_of_one_set() -> None:
    strong = {"tableConsistency": "strong"}
    assert parse(**strong, tableWitnessRegion="us-east-2").data.table_witness_region == "us-east-2"
    said = refusals(**strong, tableWitnessRegion="eu-west-1")["understudy:tableConsistency"]
    assert "are not of one set" in said
    said = refusals(**strong, tableWitnessRegion="us-east-1")["understudy:tableWitnessRegion"]
    assert "not one of the stack's" in said
