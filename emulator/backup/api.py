"""AWS Backup's API in moto's server: our operations in place of moto's few.

moto's own answers of these operations know neither recovery points nor jobs. Each call is checked
against botocore's model first. Tags stay moto's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator import botocore_model
from emulator.backup.errors import invalid

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from emulator.backup.state import Values

_EVERY_PATH = "{0}/(?P<rest>.+)$"
# A create call that brings tags, and the member of its answer whose ARN they are for.
_TAGGED = {
    "CreateBackupVault": ("BackupVaultTags", "BackupVaultArn"),
    "CreateBackupPlan": ("BackupPlanTags", "BackupPlanArn"),
    "CreateRestoreTestingPlan": ("Tags", "RestoreTestingPlanArn"),
}


def take_over(
    operations: Mapping[str, Callable[[str, Values], Values]], lock: threading.RLock
) -> Callable[[], None]:
    """Answer these operations in moto's place. Returns what gives moto its own back."""
    from moto.backup import urls
    from moto.backup.responses import BackupResponse
    from moto.core.utils import camelcase_to_underscores

    stock = {name: each for name, each in vars(BackupResponse).items() if callable(each)}
    ours = {
        camelcase_to_underscores(name): _answer(name, operation, lock)
        for name, operation in operations.items()
    }
    for name, method in ours.items():
        setattr(BackupResponse, name, method)
    urls.url_paths.setdefault(_EVERY_PATH, BackupResponse.dispatch)

    def give_back() -> None:
        for name in ours:
            if name in stock:
                setattr(BackupResponse, name, stock[name])
            else:
                delattr(BackupResponse, name)

    return give_back


def _answer(
    name: str, operation: Callable[[str, Values], Values], lock: threading.RLock
) -> Callable[[Any], Any]:
    def answer(self: Any) -> Any:
        from moto.core.responses import ActionResult

        self.parse_parameters(self.normalized_request)
        params: Values = dict(self.params)
        unfit = botocore_model.problems("backup", name, params)
        if unfit:
            raise invalid("; ".join(unfit))
        with lock:
            result = operation(str(self.region), params)
        if name in _TAGGED:
            member, arn = _TAGGED[name]
            self.backup_backend.tag_resource(result[arn], params.get(member) or {})
        return ActionResult(result)

    return answer
