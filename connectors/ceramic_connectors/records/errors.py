"""What goes wrong with records and their schemas: for each cause an exception with a stable code."""

from __future__ import annotations

from ceramic_protocol.errors import CeramicError, OutsideError


class RecordError(CeramicError):
    """A row that can't be written as a record, or bytes that are none; the message names the field."""

    code = "record_unfit"


class SchemasError(OutsideError):
    """Root of the errors on a store of schemas."""

    code = "schemas"


class SchemasUnreachableError(SchemasError):
    """Nobody listens there, nobody answers in time, or only that it is busy."""

    code = "schemas_unreachable"


class SchemasRefusedError(SchemasError):
    """The registry doesn't know the user or the token, or doesn't allow them what was asked."""

    code = "schemas_refused"


class SchemaIncompatibleError(SchemasError):
    """Readers of the subject's other versions couldn't do with this schema."""

    code = "schema_incompatible"


class SchemaInvalidError(SchemasError):
    """What was to be registered is no schema in the registry's eyes."""

    code = "schema_invalid"


class SchemaUnknownError(SchemasError):
    """There is no schema of that id."""

    code = "schema_unknown"
