"""Making tables that were written known to readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_connectors.manifest import write_manifest
from ceramic_connectors.outside import outside
from ceramic_protocol.rules import Rules
from ceramic_transforms.failures import passed_on

_File = tuple[str, int]


@with_input_types(tuple[str, int])
@with_output_types(tuple[str, int])
class PublishTables(beam.PTransform[beam.PCollection[_File], beam.PCollection[_File]]):
    """Write the manifest of a folder when all of its tables are there, as `ceramic-streams query` wants it.

    Takes what `WriteTables` gives, and gives the same once the manifest is on the disk. The folder is one
    whole export: new, with nothing else in it. Versions and increments are for `ceramic_pipelines.export`.

    Args:
        folder: where `WriteTables` wrote to.
        rules: those that the streams were resolved under.
        members: further members of the manifest.
    """

    def __init__(self, folder: str, rules: Rules, members: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self._folder = folder
        self._members = {"as_of": rules.as_of_text, "profile": rules.profile.value, **(members or {})}

    def expand(self, files: beam.PCollection[_File]) -> beam.PCollection[_File]:
        """Wait for all files, then write."""
        publish = beam.FlatMap(_publish, self._folder, self._members).with_output_types(_File)
        return files | "AllFiles" >> beam.combiners.ToList() | "Publish" >> publish

    def display_data(self) -> dict[str, Any]:
        """Where."""
        return {"folder": self._folder}


def _publish(files: Sequence[_File], folder: str, members: Mapping[str, Any]) -> Iterator[_File]:
    with passed_on(), outside(f"write to {folder}"):
        write_manifest(Path(folder), members)
    yield from sorted(files)
