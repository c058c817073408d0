"""Reading archives, tables, nodes and topics: sources that a worker opens when the job runs.

Each transform gives batches of `RAW_EVENTS` (`batches`), whose columns `source` and `position` tell where an
event stood. All are bounded: what is read is what is there when the source is opened, once. `docs/sources.md`
tells what each of them reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_output_types

from ceramic_connectors.config.kinds import choice
from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.event_sources.consumer_config import way_in
from ceramic_connectors.event_sources.feeds import open_feed
from ceramic_connectors.event_sources.topics import TopicEvents
from ceramic_connectors.kafka.opening import Library
from ceramic_connectors.source.node_origin import Wanted
from ceramic_connectors.sources import open_source
from ceramic_protocol.ports import EventSource
from ceramic_transforms.failures import passed_on
from ceramic_transforms.io import ReadAllFromEventSources


@with_output_types(pa.RecordBatch)
class _ReadOpened(beam.PTransform[beam.pvalue.PBegin, beam.PCollection[pa.RecordBatch]]):
    """Have a source opened by a worker, and read it; `shown` is what display data say."""

    def __init__(self, opened: Callable[[], EventSource], **shown: Any) -> None:
        super().__init__()
        self._opened = opened
        self._shown = shown

    def expand(self, pbegin: beam.pvalue.PBegin) -> beam.PCollection[pa.RecordBatch]:
        """Open the source once, split it, read each range."""
        opened = beam.ParDo(_Open(self._opened)).with_output_types(EventSource)
        return pbegin | "Begin" >> beam.Impulse() | "Open" >> opened | "Ranges" >> ReadAllFromEventSources()

    def display_data(self) -> dict[str, Any]:
        """What is read."""
        return {name: value for name, value in self._shown.items() if value}


class _Open(beam.DoFn):
    def __init__(self, opened: Callable[[], EventSource]) -> None:
        self._opened = opened

    def process(self, element: bytes) -> Iterator[EventSource]:
        del element
        with passed_on():
            yield self._opened()


class ReadFromCar(_ReadOpened):
    """Read CAR archives (CARv1), split by ranges of their index.

    Args:
        file_pattern: a file, a folder whose `.car` files are meant, or a glob.
        work_dir: folder for the index, up to about 150 bytes for each block. Whoever opens the archive reads
            all of it once. All workers need the folder until the job has ended; it is yours to remove.
    """

    def __init__(self, file_pattern: str, work_dir: str) -> None:
        super().__init__(
            partial(open_source, f"car:{file_pattern}", Path(work_dir)),
            file_pattern=file_pattern,
            work_dir=work_dir,
        )


class ReadFromNdjson(_ReadOpened):
    """Read lines `{"cid","car"}`, plain or gzip.

    Args:
        file_pattern: a file, a folder whose `.ndjson` and `.ndjson.gz` files are meant, or a glob.
        work_dir: as for `ReadFromCar`, where unpacked copies of gzip files go too.
    """

    def __init__(self, file_pattern: str, work_dir: str) -> None:
        super().__init__(
            partial(open_source, f"ndjson:{file_pattern}", Path(work_dir)),
            file_pattern=file_pattern,
            work_dir=work_dir,
        )


class ReadFromParquet(_ReadOpened):
    """Read Parquet files with a column `car` of bytes and, if they have it, `event_cid`.

    Args:
        file_pattern: a file, a glob, or a folder with all that is below it; of a folder with a manifest the
            files that this lists, of an export those of its events.
    """

    def __init__(self, file_pattern: str) -> None:
        super().__init__(partial(open_source, f"parquet:{file_pattern}", Path()), file_pattern=file_pattern)


class ReadFromNode(_ReadOpened):
    """Read the feed of a node, up to where it is when the job begins.

    A node of ours or a ceramic-one, whichever answers. A connection that breaks is made again, for a minute.

    Args:
        url: of the node.
        token: place of a token of it, `file:PATH` or `env:NAME`, where the workers find it.
        models: StreamIDs of models whose streams are read; all if empty. Only of a node of ours, as the next.
        streams: StreamIDs of streams that are read.
        controllers: DIDs of first controllers whose streams are read.
        start_read_time: unix milliseconds; begin with what came then or later. Only of a node of ours.
        resume: place to begin behind, as the node's feed has told it.

    Raises:
        UsageError: the address is none.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        models: Sequence[str] = (),
        streams: Sequence[str] = (),
        controllers: Sequence[str] = (),
        start_read_time: int | None = None,
        resume: str | None = None,
    ) -> None:
        wanted = Wanted(tuple(models), tuple(streams), tuple(controllers), include="car", settled=False)
        opened = partial(open_feed, url, token, wanted=wanted, resume=resume, since=start_read_time)
        shown = {"models": ",".join(models), "streams": ",".join(streams), "start_read_time": start_read_time}
        super().__init__(opened, url=Endpoint.parse(url).name, resume=resume, **shown)


class ReadFromKafka(_ReadOpened):
    """Read the events in topics, by ranges of offsets, up to where the partitions end when the job begins.

    Records of the Kafka source in any of its forms, if they have the CAR, and messages whose values are CARs
    (dead letters, for example). Only what was committed is read, and no offset is committed. Parameters mean
    what they do for Beam's own `ReadFromKafka`. Its `with_metadata` isn't needed: `source` and `position` of
    a batch name topic, partition and offset.

    Args:
        consumer_config: see `ceramic_connectors.event_sources.consumer_config.way_in`.
        topics: names of topics; a `*` in one stands for anything.
        start_read_time: unix milliseconds; begin with the first records of that time or later.
        max_num_records: how many offsets at most, of all partitions together; some have no record.
        library: `kafka-python` or `confluent-kafka`.
        registry: for records as Avro, where Confluent's API of the schema registry begins.
        registry_user: name of its user.
        registry_auth: place of the user's password or, without one, of a token.
        schema_folder: for records as Avro, instead of a registry: the folder with their schemas.

    Raises:
        UsageError: what is said of the way in makes no sense.
    """

    def __init__(
        self,
        consumer_config: Mapping[str, str],
        topics: Sequence[str],
        *,
        start_read_time: int | None = None,
        max_num_records: int | None = None,
        library: str = "kafka-python",
        registry: str | None = None,
        registry_user: str | None = None,
        registry_auth: str | None = None,
        schema_folder: str | None = None,
    ) -> None:
        servers, access = way_in(consumer_config)
        access = replace(
            access,
            kafka_library=choice(Library).parse(library),
            registry=registry,
            registry_user=registry_user,
            registry_auth=registry_auth,
            schema_folder=None if schema_folder is None else Path(schema_folder),
        )
        access.schemas()  # refuses what doesn't fit
        opened = partial(
            TopicEvents.open, servers, tuple(topics), access, since=start_read_time, most=max_num_records
        )
        super().__init__(opened, servers=servers, topics=",".join(topics), start_read_time=start_read_time)
