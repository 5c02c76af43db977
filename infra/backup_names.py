"""Names that backups are watched by; alarms and dashboards take them from here.

AWS Backup's own metrics: https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html
"""

from typing import Final

# Metrics of AWS's, by vault name: dimension `BackupVaultName`, in the vault's own Region.
NAMESPACE: Final = "AWS/Backup"
VAULT_DIMENSION: Final = "BackupVaultName"
BACKUPS_COMPLETED: Final = "NumberOfBackupJobsCompleted"
BACKUPS_FAILED: Final = ("NumberOfBackupJobsFailed", "NumberOfBackupJobsExpired")
COPIES_COMPLETED: Final = "NumberOfCopyJobsCompleted"
COPIES_FAILED: Final = "NumberOfCopyJobsFailed"

# Metrics of our own (`resilience/functions/restore_validation.py` and `restore_age.py`), in the
# stack's namespace, by dimension `Region`: the one that the copies are in and are restored in.
RESTORE_TESTS_PASSED: Final = "RestoreTestsPassed"
RESTORE_TESTS_FAILED: Final = "RestoreTestsFailed"
RESTORE_TEST_AGE: Final = "RestoreTestAge"

# What names of vaults, plans and the validation function end in.
VAULT: Final = "backup"
VALIDATION: Final = "restore-validation"
