"""An export folder: versions of its tables, of which one link names the current one.

```
OUTPUT/current        -> versions/v000012     exchanged by one rename; all that publishing is
OUTPUT/manifest.json  -> current/manifest.json
OUTPUT/<table>        -> current/<table>      one for each table, so that a plain glob finds it
OUTPUT/versions/v000012/<table>/part-00000-of-00016.v000009.parquet
OUTPUT/versions/v000012/manifest.json
```

A version never changes. Files that one version has in common with the one before are hard links. A file's
name ends with the version that wrote it, so the same name never means two contents. An earlier version stays
for a while after it was replaced, for those who are still reading it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ceramic_connectors.manifest import MANIFEST, read_manifest, write_manifest
from ceramic_connectors.outside import outside
from ceramic_connectors.rename import sync
from ceramic_connectors.staging import StagedFolder
from ceramic_protocol.errors import CeramicError, UsageError
from ceramic_protocol.limits import KEEP_VERSION_SECONDS

CURRENT: Final = "current"
"""The link to the current version."""

VERSIONS: Final = "versions"
"""The folder of the versions."""

_NAME: Final = re.compile(r"v(\d{6,})")
_FILE: Final = re.compile(r"\.v\d{6,}\.parquet$")
_LOCK: Final = ".lock"
_PARTIAL: Final = ".partial"
_REMOVED: Final = ".removed-"
_NEW_LINK: Final = ".new-"


def version_name(number: int) -> str:
    """The name of a version's folder."""
    return f"v{number:06d}"


def current_version(output: Path) -> Path:
    """The folder of the version that is current now; what is no folder of versions is its own.

    Whoever reads several files asks once and reads below the answer.

    Raises:
        OSError: it isn't there.
    """
    link = output / CURRENT
    return (link if link.is_symlink() else output).resolve(strict=True)


class Draft:
    """The next version on its way: write into `path`, then `commit`.

    As a context manager it throws away what was written unless it was committed. `base` is the folder of the
    current version, None if there is none; `number` is that of the next one.
    """

    def __init__(
        self, name: Path, place: Path, base: Path | None, staged: StagedFolder | None, keep: float
    ) -> None:
        self._name = name
        self._place = place
        self._staged = staged
        self._keep = keep
        self.base = base
        self.number = 1 if base is None else _number(base) + 1
        self.path = place / VERSIONS / _PARTIAL

    @classmethod
    @contextmanager
    def open(
        cls,
        output: Path,
        *,
        overwrite: bool = False,
        extend: bool = False,
        keep_seconds: float = KEEP_VERSION_SECONDS,
    ) -> Iterator[Self]:
        """Begin the next version of an export folder, or the first one.

        Args:
            output: the export folder. It need not exist, and appears with its first version.
            overwrite: whether the next version may take the place of an earlier export.
            extend: whether it may where there is one already.
            keep_seconds: how long a version is left in place after it was replaced.

        Raises:
            UsageError: something stands at `output` that must not be replaced, or another run is at work.
            OutsideError: nothing can be written there.
        """
        with ExitStack() as stack:
            place = output.resolve()
            if not (place / CURRENT).is_symlink():
                staged = stack.enter_context(StagedFolder.open(output, overwrite=overwrite))
                with outside(f"write to {output}"):
                    draft = cls(output, staged.path, None, staged, keep_seconds)
                    draft.path.mkdir(parents=True)
            else:
                if not overwrite and not extend:
                    msg = f"{output} already holds files; use --overwrite, --incremental or another folder"
                    raise UsageError(msg)
                with outside(f"write to {output}"):
                    stack.enter_context(_locked(place, output))
                    # Where the link leads nowhere there is nothing to keep.
                    is_lost = overwrite and not (place / CURRENT).exists()
                    base = None if is_lost else current_version(place)
                    _remove_leftovers(place, 0 if base is None else _number(base))
                    draft = cls(output, place, base, None, keep_seconds)
                    draft.path.mkdir()
            with stack.enter_context(draft):
                yield draft

    def keep(self, name: str) -> None:
        """Take over a file of the current version, by its path within that.

        Raises:
            OutsideError: it isn't there, or the file system refuses.
        """
        if self.base is None:
            msg = "there is no version to take files from"
            raise RuntimeError(msg)
        with outside(f"take over {self.base / name}"):
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            _share(self.base / name, self.path / name)

    def commit(self, manifest: Mapping[str, object]) -> None:
        """Publish the version at once, with a manifest of these members and the list of its files.

        The manifest also has `version`, its number, and `export`, what tells this export from all others: it
        is made with the first version and stays.

        Raises:
            UsageError: in the meantime something was put at the place of the first version.
            OutsideError: the disk refused; the current version is as it was.
        """
        with outside(f"publish {self._name}"):
            self._name_files()
            told = {"version": self.number, "export": _identity(self.base)}
            write_manifest(self.path, {**told, **manifest})
            version = self.path.with_name(version_name(self.number))
            self.path.rename(version)
            sync(version.parent)
            _make_links(self._place, version)
        if self._staged is None:
            # It is published; what can't be removed now is removed by a later run.
            with suppress(OSError):
                self._clean()
        else:
            self._staged.commit()

    def _name_files(self) -> None:
        for path in sorted(self.path.rglob("*.parquet")):
            if not _FILE.search(path.name):
                path.rename(path.with_name(f"{path.stem}.{version_name(self.number)}.parquet"))

    def _clean(self) -> None:
        """Remove versions that were replaced long enough ago, and links to tables that there are no more."""
        for link in self._place.iterdir():
            if link.is_symlink() and not link.exists():
                link.unlink()
        found = sorted(_versions(self._place), key=_number)
        for old, newer in pairwise(found):
            if time.time() - (newer / MANIFEST).stat().st_mtime >= self._keep:
                _remove(old)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def _share(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError as error:
        # A file system without hard links, or with as many of this file as it takes.
        if error.errno not in (errno.EMLINK, errno.EPERM, errno.ENOTSUP):
            raise
        shutil.copyfile(old, new)


def _identity(base: Path | None) -> str:
    if base is not None:
        # A version that can't be read is replaced as a whole.
        with suppress(CeramicError):
            known = read_manifest(base).get("export")
            if isinstance(known, str):
                return known
    return str(uuid.uuid4())


def _number(version: Path) -> int:
    found = _NAME.fullmatch(version.name)
    return int(found[1]) if found else 0


def _versions(output: Path) -> list[Path]:
    return [path for path in (output / VERSIONS).iterdir() if _NAME.fullmatch(path.name)]


@contextmanager
def _locked(place: Path, output: Path) -> Iterator[None]:
    handle = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        msg = f"another run is writing to {output}; wait until it is done"
        raise UsageError(msg) from None
    finally:
        os.close(handle)


def _remove_leftovers(place: Path, current: int) -> None:
    """What a killed run left: a version half made, half removed, or made and never published."""
    for path in (place / VERSIONS).iterdir():
        if path.name == _PARTIAL or path.name.startswith(_REMOVED):
            _erase(path)
        elif _number(path) > current:
            _remove(path)
    for link in place.iterdir():
        if link.name.startswith(_NEW_LINK):
            link.unlink()


def _remove(version: Path) -> None:
    """Out of sight at once, so that nobody meets half of it."""
    hidden = version.with_name(f"{_REMOVED}{version.name}")
    version.rename(hidden)
    _erase(hidden)


def _erase(hidden: Path) -> None:
    shutil.rmtree(hidden)


def _make_links(output: Path, version: Path) -> None:
    """Name the version by the link; links to its tables come before, as they lead through that one."""
    names = [MANIFEST, *(path.name for path in version.iterdir() if path.is_dir())]
    for name in names:
        if not (output / name).is_symlink():
            _link(output / name, f"{CURRENT}/{name}")
    _link(output / CURRENT, f"{VERSIONS}/{version.name}")
    sync(output)


def _link(place: Path, target: str) -> None:
    new = place.with_name(f"{_NEW_LINK}{place.name}")
    new.symlink_to(target)
    new.replace(place)
