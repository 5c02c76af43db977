"""What can go wrong while a release is built.

InferenceError
├── ModelModuleError   the model module is not what it should be
├── ExportError        a part of the pipeline has no exported form
├── ParityError        the exported model does not answer as scikit-learn does
└── ReleaseError       a release cannot be built, or is not what its manifest says
"""

from __future__ import annotations


class InferenceError(Exception):
    """Base of everything this package raises on purpose."""


class ModelModuleError(InferenceError):
    """A model module cannot be used; the message says what it should hold."""


class ExportError(InferenceError):
    """A part of a pipeline has no exported form.

    Attributes:
        path: where in the pipeline, as step names joined by dots.
        estimator: class name.
        reason: the parameter or property that stands in the way, and the way out.
    """

    def __init__(self, path: str, estimator: object, reason: str) -> None:
        self.path = path
        self.estimator = type(estimator).__name__
        self.reason = reason
        super().__init__(f"{self.estimator} at {path!r}: {reason}")


class ParityError(InferenceError):
    """The exported model and scikit-learn disagree."""


class ReleaseError(InferenceError):
    """A release cannot be built, or a built one is not what its manifest says."""
