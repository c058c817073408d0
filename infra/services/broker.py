"""A broker of one's own: Kafka's, alone, with a listener for each way in."""

from __future__ import annotations

import base64
import secrets
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.services import java, metadata
from infra.services.broker_settings import USER, properties
from infra.services.certificates import Certificates
from infra.services.jars import fetched
from infra.services.process import Process, ServiceError, free_ports

_FORMAT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class BrokerAddresses:
    """Where a broker listens, and what it wants to see.

    Attributes:
        plain: `host:port`; everybody is let in.
        secure: TLS and a user name and password (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), or a token
            (OAUTHBEARER) that needs no signature.
        mutual: TLS and a certificate of the client.
        certificates: for `secure` and `mutual`.
        user: a name.
        password: of this user.
    """

    plain: str
    secure: str
    mutual: str
    certificates: Certificates
    user: str = USER
    password: str = field(default="", repr=False)


class Broker:
    """One broker in a folder; the ports stay the same however often it is started."""

    def __init__(self, folder: Path) -> None:
        """Prepare it; takes a start of Java.

        Raises:
            OutsideError: its jars can't be fetched, or Java refuses.
        """
        plain, controller, secure, mutual = free_ports(4)
        self._port = plain
        password = secrets.token_urlsafe(18)
        certificates = Certificates.make(folder)
        self.addresses = BrokerAddresses(
            f"127.0.0.1:{plain}",
            f"127.0.0.1:{secure}",
            f"127.0.0.1:{mutual}",
            certificates,
            password=password,
        )
        settings = folder / "server.properties"
        settings.touch(mode=0o600)
        settings.write_text(
            properties(folder, (plain, controller, secure, mutual), certificates, password), encoding="utf-8"
        )
        classpath = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", f"{fetched('kafka')}/*"]
        self._java = ["java", *java.OPTIONS, *classpath]
        _format(self._java, settings, password)
        self._process = Process("broker", [*self._java, "kafka.Kafka", str(settings)], folder)

    @property
    def pid(self) -> int:
        """Number of its process group."""
        return self._process.pid

    @property
    def cpu_seconds(self) -> float:
        """That it has taken."""
        return self._process.cpu_seconds

    def start(self) -> None:
        """Start it, or start it again after `kill` or `stop`, and wait until it answers a request.

        Raises:
            ServiceError: it doesn't answer in time.
        """
        self._process.start(lambda: metadata.has_brokers(self._port))

    def stop(self) -> None:
        """Let it close its files and end."""
        self._process.stop()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def pause(self) -> None:
        """Keep it from answering."""
        self._process.pause()

    def resume(self) -> None:
        """Let it answer again."""
        self._process.resume()


def _format(java_command: list[str], settings: Path, password: str) -> None:
    """Prepare the data folder; the SCRAM user is part of it."""
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # With `=`, as one of 64 begins with `-`.
    command = [*java_command, "kafka.tools.StorageTool", "format", "--standalone", f"--cluster-id={cluster}"]
    for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
        command += ["--add-scram", f"{mechanism}=[name={USER},password={password}]"]
    done = subprocess.run(
        [*command, "-c", str(settings)], capture_output=True, text=True, check=False, timeout=_FORMAT_SECONDS
    )
    if done.returncode:
        raise ServiceError(f"Kafka can't prepare its folder: {(done.stdout + done.stderr)[-1000:]}")
