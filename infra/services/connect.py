"""A worker of Kafka Connect, distributed, with exactly-once sources."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from infra.services import java
from infra.services.asking import status
from infra.services.jars import fetched
from infra.services.process import Process, free_ports

# Short times, so that a worker that was killed is replaced in seconds (kafka.md 4.1).
_SETTINGS: Final = """\
group.id=ceramic-streams
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
config.storage.topic=connect-configs
offset.storage.topic=connect-offsets
status.storage.topic=connect-status
config.storage.replication.factor=1
offset.storage.replication.factor=1
status.storage.replication.factor=1
offset.storage.partitions=1
status.storage.partitions=1
offset.flush.interval.ms=1000
exactly.once.source.support=enabled
session.timeout.ms=6000
heartbeat.interval.ms=1500
rebalance.timeout.ms=8000
"""


class ConnectWorker:
    """One worker; `url` is that of its REST API. Plugins are folders of jars in `plugins`."""

    def __init__(self, folder: Path, servers: str) -> None:
        """Prepare it for a cluster.

        Raises:
            FetchError: it can't be fetched.
        """
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.plugins = folder / "plugins"
        self.plugins.mkdir()
        own = {
            "bootstrap.servers": servers,
            "listeners": f"HTTP://127.0.0.1:{port}",
            "plugin.path": self.plugins,
        }
        settings = folder / "connect.properties"
        lines = _SETTINGS + "".join(f"{name}={value}\n" for name, value in own.items())
        settings.write_text(lines, encoding="utf-8")
        logging = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
        what = ["-cp", f"{fetched('connect')}/*", "org.apache.kafka.connect.cli.ConnectDistributed"]
        command = ["java", *java.OPTIONS, logging, *what, str(settings)]
        self._process = Process("connect", command, folder)

    @property
    def pid(self) -> int:
        """Number of its process group."""
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it lists its connectors.

        Raises:
            ServiceError: it doesn't answer in time.
        """
        self._process.start(lambda: status(f"{self.url}/connectors") == 200)

    def stop(self) -> None:
        """Let it end."""
        self._process.stop()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
