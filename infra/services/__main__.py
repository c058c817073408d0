"""`make services`: all of them until Ctrl-C."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from ceramic_protocol.errors import OutsideError
from infra.services import java
from infra.services.broker import Broker
from infra.services.connect import ConnectWorker
from infra.services.registry import Registry


def main() -> int:
    """Start them, say where they are, and stop them at the end; 3 if that can't be done here."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    reason = java.missing()
    if reason is not None:
        print(f"error: {reason}", file=sys.stderr)
        return 3
    folder = Path(tempfile.mkdtemp(prefix="ceramic-services-"))
    try:
        with ExitStack() as running:
            _start(folder, running)
            print("Ctrl-C ends them; what they keep is removed then.", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except OutsideError as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _start(folder: Path, running: ExitStack) -> None:
    print("Starting; the first time some 190 MB are fetched.", flush=True)
    broker = Broker(folder)
    running.callback(broker.stop)
    broker.start()
    known = broker.addresses
    print(f"Kafka            {known.plain}")
    print(f"  with password  {known.secure}  user {known.user}, password {known.password}")
    print(f"  with TLS only  {known.mutual}  certificates in {folder}", flush=True)
    worker = ConnectWorker(folder, known.plain)
    running.callback(worker.stop)
    worker.start()
    print(f"Kafka Connect    {worker.url}", flush=True)
    registry = Registry(folder)
    running.callback(registry.stop)
    registry.start()
    print(f"schema registry  {registry.url}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
