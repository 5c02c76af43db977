"""An exported model: transform a row, score it, answer.

`Model` is built from two files: `structure.json` says which steps there are and where
each array lies, `arrays.bin` holds the numbers. Each stage is a table from a name in the
structure to the function that carries it out.
"""

from __future__ import annotations

from json import loads

from inference.serving.arrays import open_arrays
from inference.serving.links import LINKS
from inference.serving.preprocessing import sequence
from inference.serving.scores import SCORES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from inference.serving.links import Answer

STRUCTURE_FILE = "structure.json"
ARRAYS_FILE = "arrays.bin"


class Model:
    """The stages of an exported pipeline.

    Attributes:
        transform: row of features -> row the estimator sees.
        scores: that row -> raw scores (probabilities for forests).
        answer: raw scores -> `Answer`.
    """

    __slots__ = ("answer", "scores", "transform")

    def __init__(self, structure: dict[str, Any], arrays: dict[str, memoryview]) -> None:
        self.transform = sequence(structure["steps"])
        self.scores = SCORES[structure["scores"]["kind"]](structure["scores"], arrays)
        self.answer = LINKS[structure["link"]["kind"]](structure["link"])

    def predict(self, rows: Iterable[list[Any]]) -> list[Answer]:
        """One answer a row.

        Raises:
            UnanswerableError: scikit-learn would refuse the row as well.
        """
        transform, scores, answer = self.transform, self.scores, self.answer
        return [answer(scores(transform(row))) for row in rows]


def load_model(directory: str) -> Model:
    """Open the model in `directory`; its size does not matter to how long that takes.

    Raises:
        OSError, ValueError, KeyError, ArraysError: the files are missing or damaged.
    """
    with open(f"{directory}/{STRUCTURE_FILE}", "rb") as file:  # noqa: PTH123 (as in arrays.py)
        structure = loads(file.read())
    return Model(structure, open_arrays(f"{directory}/{ARRAYS_FILE}", structure["arrays"]))
