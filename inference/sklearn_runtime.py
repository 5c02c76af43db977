"""The second runtime: the same handler and contract, on joblib and scikit-learn.

For models that have no exported form, in a container image that carries scikit-learn.
It is packed into a release whose manifest says `"runtime": "joblib"`.

A joblib file runs code when it is loaded. It is therefore hashed first, and loaded only
if it is the one that the manifest pins, under the versions it was made with.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.serving.links import Answer
from inference.serving.preprocessing import UnanswerableError
from inference.serving.release import MODEL_DIRECTORY, Manifest, file_digest

if TYPE_CHECKING:
    from inference.serving.service import Predictor

JOBLIB_FILE = f"{MODEL_DIRECTORY}/model.joblib"


class SklearnModel:
    """A fitted scikit-learn model behind the interface of the exported one."""

    def __init__(self, model: Any, *, matrix: str, task: str) -> None:
        self.model = model
        self._dtype = np.dtype(matrix)
        self._classifies = task == "classification"

    def predict(self, rows: list[list[Any]]) -> list[Answer]:
        """One answer a row.

        Raises:
            UnanswerableError: scikit-learn refuses the rows.
        """
        matrix = np.array(rows, dtype=self._dtype)
        try:
            if self._classifies:
                numbers = self.model.predict_proba(matrix)
                return [Answer(int(np.argmax(row)), row.tolist()) for row in numbers]
            return [Answer(-1, [float(value)]) for value in self.model.predict(matrix)]
        except ValueError as error:
            raise UnanswerableError(f"a row scikit-learn takes ({error})") from error


def load_joblib(manifest: Manifest) -> Predictor:
    """Load `model/model.joblib`.

    Raises:
        ValueError: it is not the file that was released, or not the versions.
    """
    path = f"{manifest.root}/{JOBLIB_FILE}"
    expected, actual = manifest.facts["files"][JOBLIB_FILE], file_digest(path)
    if actual != expected:
        raise ValueError(f"{JOBLIB_FILE} is not loaded: sha256 {actual}, manifest says {expected}")
    made_with, here = manifest.facts["versions"]["scikit-learn"], version("scikit-learn")
    if made_with != here:
        raise ValueError(f"the model was made with scikit-learn {made_with}, here is {here}")
    import joblib

    training = manifest.facts["training"]
    return SklearnModel(joblib.load(path), matrix=training["matrix"], task=manifest.facts["task"])
