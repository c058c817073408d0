"""Opening a catalog of Iceberg, and its failures as one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchPropertyException,
    NotInstalledError,
    ValidationException,
)

from ceramic_connectors.apps.database import first_line
from ceramic_connectors.watching.secrets import Censor
from ceramic_protocol.errors import CeramicError, OutsideError, UsageError


def open_catalog(name: str, properties: Mapping[str, str]) -> Catalog:
    """The catalog of that name in pyiceberg's configuration, or of these properties.

    Raises:
        UsageError: it isn't configured, or a library that it needs isn't installed.
        OutsideError: it can't be reached.
    """
    try:
        with at_catalog(f"open the catalog {name}"):
            return load_catalog(name, **properties)
    except OutsideError as error:
        cause = error.__cause__
        if isinstance(cause, ValueError | ImportError | NotInstalledError | NoSuchPropertyException):
            msg = f"{error}; name it in ~/.pyiceberg.yaml, or give --catalog-property uri=…"
            raise UsageError(msg) from cause
        raise


@contextmanager
def at_catalog(doing: str) -> Iterator[None]:
    """Turn what a catalog raises into an error of ours; `doing` completes "can't …".

    Raises:
        OutsideError: whatever it was; secrets in addresses are hidden.
    """
    try:
        yield
    except CeramicError:
        raise
    except (CommitFailedException, ValidationException) as error:
        msg = f"can't {doing}: somebody else has changed it meanwhile; run it again"
        raise OutsideError(msg) from error
    except Exception as error:  # each catalog and each storage has libraries with errors of their own
        words = Censor().clean(first_line(error)) or type(error).__name__
        raise OutsideError(f"can't {doing}: {words}") from error
