"""AWS Backup's errors, as its API spells them."""

from __future__ import annotations

from moto.backup.exceptions import (
    AlreadyExistsException,
    InvalidParameterValueException,
    InvalidRequestException,
    ResourceNotFoundException,
)


def not_found(message: str) -> Exception:
    """Something that is named does not exist."""
    return ResourceNotFoundException(message)


def exists(message: str) -> Exception:
    """A name that is taken."""
    return AlreadyExistsException(message)


def invalid(message: str) -> Exception:
    """A value that AWS Backup does not take."""
    return InvalidParameterValueException(message)


def refused(message: str) -> Exception:
    """A request that must not be carried out, whatever its values."""
    return InvalidRequestException(message)
