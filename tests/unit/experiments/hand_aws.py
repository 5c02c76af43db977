"""AWS as far as drills call it, over the fields of a stack in memory."""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import UTC, datetime
from typing import Any

from resilience.experiments.core.world import CallError

EAST, WEST = "us-east-1", "us-west-2"


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


class HandAws:
    """One method an operation, by service and name; `hand_world.HandWorld` has the fields."""

    def dynamodb_get_item(self, _region: str, Key: Any, **_: Any) -> Any:  # noqa: N803
        item = self.items.get((Key["pk"]["S"], Key["sk"]["S"]))
        return {} if item is None else {"Item": item}

    def dynamodb_query(self, _region: str, ExpressionAttributeValues: Any, **_: Any) -> Any:  # noqa: N803
        pk = ExpressionAttributeValues[":pk"]["S"]
        return {"Items": [item for (p, _), item in self.items.items() if p == pk]}

    def dynamodb_put_item(self, _region: str, Item: Any, **rest: Any) -> Any:  # noqa: N803
        key = (Item["pk"]["S"], Item["sk"]["S"])
        before, condition = self.items.get(key), rest.get("ConditionExpression", "")
        if condition == "attribute_not_exists(version)":
            held = before is None
        elif condition:
            wanted = rest["ExpressionAttributeValues"][":version"]
            held = before is not None and before["version"] == wanted
        else:
            held = True
        if not held:
            raise CallError("dynamodb put_item", "ConditionalCheckFailedException", "no")
        self.items[key] = Item
        return {}

    def dynamodb_describe_table(self, _region: str, TableName: str) -> Any:  # noqa: N803
        if TableName not in {self.ground.table, *self.tables}:
            raise CallError("dynamodb describe_table", "ResourceNotFoundException", TableName)
        keys = (("sk", "RANGE"), ("pk", "HASH"))
        schema = [{"AttributeName": name, "KeyType": kind} for name, kind in keys]
        state = self.tables.get(TableName, "ACTIVE")
        return {"Table": {"TableStatus": state, "KeySchema": schema}}

    def dynamodb_delete_table(self, _region: str, TableName: str) -> Any:  # noqa: N803
        del self.tables[TableName]
        return {}

    def dynamodb_scan(self, _region: str, TableName: str, **asked: Any) -> Any:  # noqa: N803
        """Give the second half of a table on its second page."""
        live = [*self.long_there, *self.items.values()]
        items = live if TableName == self.ground.table else self.backed_up
        half = len(items) // 2
        if "ExclusiveStartKey" in asked:
            return {"Items": items[half:]}
        return {"Items": items[:half], "LastEvaluatedKey": {"pk": {"S": "half"}}}

    def lambda_get_function_concurrency(self, region: str, FunctionName: str) -> Any:  # noqa: N803
        reserved = self.reserved.get((region, FunctionName))
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    def lambda_put_function_concurrency(self, region: str, **given: Any) -> Any:
        self.reserved[region, given["FunctionName"]] = given["ReservedConcurrentExecutions"]
        return {}

    def lambda_delete_function_concurrency(self, region: str, FunctionName: str) -> Any:  # noqa: N803
        self.reserved.pop((region, FunctionName), None)
        return {}

    def lambda_list_tags(self, _region: str, **_: Any) -> Any:
        return {"Tags": self.tags}

    def lambda_get_alias(self, region: str, **_: Any) -> Any:
        return {"FunctionVersion": self.alias[region]}

    def lambda_update_alias(self, region: str, FunctionVersion: str, **_: Any) -> Any:  # noqa: N803
        self.alias[region] = FunctionVersion
        return {}

    def lambda_get_function_configuration(self, region: str, **given: Any) -> Any:
        return {"CodeSha256": self.versions[region][given.get("Qualifier", "$LATEST")][0]}

    def lambda_update_function_code(self, region: str, FunctionName: str, **code: Any) -> Any:  # noqa: ARG002, N803
        content = code.get("ZipFile")
        if content is None:
            content = self.objects[code["S3Bucket"], code["S3Key"]][1]
        self.versions[region]["$LATEST"] = (digest(content), "")
        return {}

    def lambda_publish_version(self, region: str, Description: str, **_: Any) -> Any:  # noqa: N803
        number = str(len(self.versions[region]))
        self.versions[region][number] = (self.versions[region]["$LATEST"][0], Description)
        return {"Version": number}

    def lambda_list_versions_by_function(self, region: str, **_: Any) -> Any:
        versions = self.versions[region].items()
        return {"Versions": [{"Version": v, "Description": d} for v, (_, d) in versions]}

    def lambda_delete_function(self, region: str, Qualifier: str, **_: Any) -> Any:  # noqa: N803
        del self.versions[region][Qualifier]
        return {}

    def s3_head_object(self, _region: str, Bucket: str, Key: str) -> Any:  # noqa: N803
        if (Bucket, Key) not in self.objects:
            raise CallError("s3 head_object", "404", "Not Found")
        return {}

    def s3_get_object(self, _region: str, Bucket: str, Key: str) -> Any:  # noqa: N803
        return {"Body": io.BytesIO(self.objects[Bucket, Key][1])}

    def s3_put_object(self, region: str, Bucket: str, Key: str, Body: str) -> Any:  # noqa: N803
        self.objects[Bucket, Key] = (self.at_s, Body.encode())
        rules = self.replication.get(Bucket, {}).get("Rules", [])
        if self._fis_runs("replication-stalled"):
            self.uncopied.append(Key)
        elif any(r["Status"] == "Enabled" for r in rules) and not self.copies_broken:
            other = WEST if region == EAST else EAST
            bucket = self.ground.place(other).prediction_bucket
            self.copying.append((self.at_s + self.copied_after_s, bucket, Key))
            self.arrive()
        return {}

    def arrive(self) -> None:
        """Bring copies over whose time has come."""
        for each in [each for each in self.copying if each[0] <= self.at_s]:
            self.copying.remove(each)
            self.objects[each[1], each[2]] = (self.at_s, b"")

    def s3_delete_object(self, _region: str, Bucket: str, Key: str) -> Any:  # noqa: N803
        self.uncopied = [key for key in self.uncopied if key != Key]  # deletions are copied, too
        for bucket, key in list(self.objects):
            if key == Key and (bucket == Bucket or key.startswith("drills/")):
                del self.objects[bucket, key]
        return {}

    def s3_list_objects_v2(self, _region: str, Bucket: str, Prefix: str) -> Any:  # noqa: N803
        return {
            "Contents": [
                {"Key": key, "LastModified": datetime.fromtimestamp(at_s, UTC)}
                for (bucket, key), (at_s, _) in self.objects.items()
                if bucket == Bucket and key.startswith(Prefix)
            ]
        }

    def s3_get_bucket_policy(self, _region: str, Bucket: str) -> Any:  # noqa: N803
        if Bucket not in self.policies:
            raise CallError("s3 get_bucket_policy", "NoSuchBucketPolicy", Bucket)
        return {"Policy": self.policies[Bucket]}

    def s3_put_bucket_policy(self, _region: str, Bucket: str, Policy: str) -> Any:  # noqa: N803
        self.policies[Bucket] = Policy
        return {}

    def s3_delete_bucket_policy(self, _region: str, Bucket: str) -> Any:  # noqa: N803
        self.policies.pop(Bucket, None)
        return {}

    def s3_get_bucket_replication(self, _region: str, Bucket: str) -> Any:  # noqa: N803
        return {"ReplicationConfiguration": self.replication[Bucket]}

    def s3_put_bucket_replication(self, _region: str, Bucket: str, **given: Any) -> Any:  # noqa: N803
        self.replication[Bucket] = given["ReplicationConfiguration"]
        return {}

    def elbv2_describe_listeners(self, _region: str, LoadBalancerArn: str) -> Any:  # noqa: N803
        region = LoadBalancerArn.partition("/")[2]
        return {
            "Listeners": [
                {"ListenerArn": arn, "DefaultActions": actions}
                for arn, actions in self.listeners.items()
                if arn.endswith(region) and not arn.startswith("rule")
            ]
        }

    def elbv2_describe_rules(self, _region: str, ListenerArn: str) -> Any:  # noqa: N803
        arn = f"rule/{ListenerArn}"
        default = {"RuleArn": "default", "IsDefault": True, "Actions": []}
        return {"Rules": [{"RuleArn": arn, "Actions": self.listeners[arn]}, default]}

    def elbv2_modify_listener(self, _region: str, ListenerArn: str, **given: Any) -> Any:  # noqa: N803
        self.listeners[ListenerArn] = given["DefaultActions"]
        return {}

    def elbv2_modify_rule(self, _region: str, RuleArn: str, **given: Any) -> Any:  # noqa: N803
        self.listeners[RuleArn] = given["Actions"]
        return {}

    def elbv2_describe_load_balancers(self, region: str, **_: Any) -> Any:
        return {"LoadBalancers": [{"SecurityGroups": [f"sg-{region}"]}]}

    def ec2_describe_security_group_rules(self, _region: str, Filters: Any) -> Any:  # noqa: N803
        (asked,) = Filters
        rules = [self.ingress[group] for group in asked["Values"]]
        egress = {"SecurityGroupRuleId": "sgr-out", "IsEgress": True}
        return {"SecurityGroupRules": [*rules, egress]}

    def ec2_modify_security_group_rules(
        self,
        _region: str,
        GroupId: str,  # noqa: N803
        SecurityGroupRules: Any,  # noqa: N803
    ) -> Any:
        (given,) = SecurityGroupRules
        assert given["SecurityGroupRuleId"] == self.ingress[GroupId]["SecurityGroupRuleId"]
        self.ingress[GroupId] |= given["SecurityGroupRule"]
        return {}

    def cloudwatch_describe_alarms(self, region: str, AlarmNames: list[str], **_: Any) -> Any:  # noqa: N803
        return {
            "MetricAlarms": [
                {"AlarmName": n, "StateValue": "ALARM" if (region, n) in self.alarms else "OK"}
                for n in AlarmNames
            ],
            "CompositeAlarms": [],
        }

    def ssm_get_parameter(self, _region: str, Name: str) -> Any:  # noqa: N803
        if Name not in self.parameters:
            raise CallError("ssm get_parameter", "ParameterNotFound", Name)
        return {"Parameter": {"Value": self.parameters[Name]}}

    def arc_zonal_shift_list_managed_resources(self, region: str) -> Any:
        zones = [f"{region}-az{n}" for n in (1, 2, 3)]
        return {"items": [{"arn": f"balancer/{region}", "availabilityZones": zones}]}

    def arc_zonal_shift_list_zonal_shifts(self, region: str, **_: Any) -> Any:
        return {
            "items": [s for s in self.shifts if s["status"] == "ACTIVE" and s["region"] == region]
        }

    def arc_zonal_shift_start_zonal_shift(self, region: str, comment: str, **_: Any) -> Any:
        name = f"shift-{len(self.shifts)}"
        self.shifts.append(
            {"zonalShiftId": name, "comment": comment, "status": "ACTIVE", "region": region}
        )
        return {}

    def arc_zonal_shift_cancel_zonal_shift(self, _region: str, zonalShiftId: str) -> Any:  # noqa: N803
        for shift in self.shifts:
            if shift["zonalShiftId"] == zonalShiftId:
                shift["status"] = "CANCELED"
        return {}

    def fis_list_experiment_templates(self, _region: str) -> Any:
        names = ("az-loss", "replication-stalled")
        tag = "understudy:experiment"
        return {"experimentTemplates": [{"id": n, "tags": {tag: n}} for n in names]}

    def fis_list_experiments(self, _region: str) -> Any:
        self.begin_experiments()
        return {"experiments": self.experiments}

    def fis_start_experiment(
        self,
        _region: str,
        experimentTemplateId: str,  # noqa: N803
        clientToken: str,  # noqa: ARG002, N803
        tags: Any,
    ) -> Any:
        self.experiments.append(
            {
                "id": f"EXP{len(self.experiments)}",
                "experimentTemplateId": experimentTemplateId,
                "state": {"status": "initiating"},
                "begins_s": self.at_s + self.fis_begins_after_s,
                "tags": tags,
            }
        )
        return {}

    def fis_stop_experiment(self, _region: str, id: str) -> Any:  # noqa: A002
        for each in self.experiments:
            if each["id"] == id:
                each["state"]["status"] = "stopped"
        for key in self.uncopied:  # what was paused goes on
            self.objects[self.ground.standby.prediction_bucket, key] = (self.at_s, b"")
        self.uncopied = []
        return {}

    def backup_list_recovery_points_by_backup_vault(
        self,
        _region: str,
        BackupVaultName: str,  # noqa: N803
        NextToken: str = "",  # noqa: N803
    ) -> Any:
        assert BackupVaultName == f"{self.ground.prefix}backup"
        if not NextToken:
            return {"RecoveryPoints": [], "NextToken": "more"}
        return {"RecoveryPoints": self.points}

    def backup_start_backup_job(
        self,
        region: str,
        ResourceArn: str,  # noqa: N803
        IamRoleArn: str,  # noqa: N803
        **_: Any,
    ) -> Any:
        assert IamRoleArn.endswith(f"role/{self.ground.prefix}{region}-backup")
        self.jobs["backup"] = (self.at_s + 5, f"new point of {region}", ResourceArn)
        return {"BackupJobId": "backup"}

    def backup_describe_backup_job(self, _region: str, BackupJobId: str) -> Any:  # noqa: N803
        ends_s, point, _ = self.jobs[BackupJobId]
        if self.at_s < ends_s:
            return {"State": "RUNNING"}
        if self.backups_fail:
            return {"State": "FAILED", "StatusMessage": "the key is disabled"}
        return {"State": "COMPLETED", "RecoveryPointArn": point}

    def backup_start_copy_job(
        self,
        _region: str,
        RecoveryPointArn: str,  # noqa: N803
        DestinationBackupVaultArn: str,  # noqa: N803
        **_: Any,
    ) -> Any:
        assert DestinationBackupVaultArn.split(":")[3] == self.ground.standby.region
        _, point, resource = self.jobs["backup"]
        assert point == RecoveryPointArn
        self.points.append(
            {
                "RecoveryPointArn": f"copy of {point}",
                "ResourceArn": resource,
                "Status": "COMPLETED",
                "CreationDate": datetime.fromtimestamp(self.at_s, UTC),
            }
        )
        return {"CopyJobId": "copy"}

    def backup_describe_copy_job(self, _region: str, CopyJobId: str) -> Any:  # noqa: N803
        return {"CopyJob": {"CopyJobId": CopyJobId, "State": "COMPLETED"}}

    def backup_start_restore_job(
        self,
        region: str,
        Metadata: Any,  # noqa: N803
        IamRoleArn: str,  # noqa: N803
        RecoveryPointArn: str,  # noqa: N803
        **_: Any,
    ) -> Any:
        assert IamRoleArn.endswith(f"role/{self.ground.prefix}{region}-restore")
        state: dict[str, Any] = {"Status": "COMPLETED"}
        if self.restores_denied:
            state = {"Status": "FAILED", "StatusMessage": "Access denied"}
        else:
            self.tables[Metadata["targetTableName"]] = "ACTIVE"
        job = {"RestoreJobId": str(len(self.restores)), "RecoveryPointArn": RecoveryPointArn}
        self.restores.append((job | state, Metadata))
        return job

    def backup_list_restore_jobs(self, _region: str) -> Any:
        return {"RestoreJobs": [job for job, _ in self.restores]}

    def backup_get_restore_job_metadata(self, _region: str, RestoreJobId: str) -> Any:  # noqa: N803
        return {"Metadata": self.restores[int(RestoreJobId)][1]}
