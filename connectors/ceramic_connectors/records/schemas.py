"""Where schemas have their ids."""

from __future__ import annotations

from typing import Protocol


class Schemas(Protocol):
    """A store of schemas; for several threads at once, and to be pickled."""

    def id_of(self, subject: str, schema: str) -> int:
        """The id of a schema under a subject, where it is put unless it is there. Asked for once, then known.

        Args:
            subject: `<topic>-value` for the values of a topic.
            schema: an Avro schema as JSON.

        Raises:
            SchemaIncompatibleError: readers of other versions under this subject couldn't do with it.
            SchemaInvalidError: it is no schema.
            SchemasError: there is no way to ask; the class says why.
        """
        ...

    def schema_of(self, schema_id: int) -> str:
        """The schema of an id, as JSON; `MAX_AVRO_SCHEMA_BYTES` at most.

        Raises:
            SchemaUnknownError: there is none.
            SchemasError: there is no way to ask; the class says why.
        """
        ...
