"""Putting files in place without copying a byte that can be shared, and safe on disk.

A reflink shares blocks until one side is changed, so it is always right; a hard link is the same
file, so it is only for files that nobody writes in place; else the kernel copies.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from training_manager_ros.errors import Conflict, TrainingManagerError

__all__ = ["DiskProblem", "FileMode", "Files"]

_FICLONE = 0x40049409  # linux/fs.h: share the blocks of another file
_CHUNK = 16 * 1024 * 1024  # bytes between two looks at whether to go on
_MANY = 16  # files from which on waiting for the whole disk once is quicker than for each of them

# What says that this file system can't do it, rather than that something went wrong.
_CANT = frozenset(
    {
        errno.EXDEV,
        errno.EOPNOTSUPP,
        errno.ENOTTY,
        errno.EINVAL,
        errno.EPERM,
        errno.EMLINK,
        errno.ENOSYS,
        errno.EACCES,
    }
)
# Of these, what holds for every other file of the same file system, too.
_NEVER = frozenset({errno.EXDEV, errno.EOPNOTSUPP, errno.ENOTTY, errno.ENOSYS})


class DiskProblem(TrainingManagerError):
    """Raised when the disk is full, read-only or denies access; nothing is left behind."""


class FileMode(str, Enum):
    """How a file that stays as it is comes to its new place."""

    AUTO = "auto"  # the cheapest that this file system can do
    REFLINK = "reflink"  # or not at all
    HARDLINK = "hardlink"  # or not at all; what may be written in place is copied
    COPY = "copy"


class Files:
    """All writing of an edit goes through here.

    `advance` is told the bytes that were placed or written; `before` is called ahead of each
    change of the disk with what is about to happen (tests end the process there).
    """

    def __init__(
        self,
        mode: FileMode = FileMode.AUTO,
        advance: Callable[[int], None] = lambda size: None,
        before: Callable[[str, Path], None] = lambda what, path: None,
    ) -> None:
        self._mode = mode
        self._advance = advance
        self._before = before
        self._unshared: set[int] = set()  # file systems, by device, that share no blocks with ours
        self._copied: list[Path] = []  # not yet known to be on disk

    def advance(self, size: int) -> None:
        """Tell that so many bytes more are done, where `produce` or `edit` take their time."""
        self._advance(size)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it; no error if it is there."""
        with explained(path):
            if not path.is_dir():
                self._before("make folder", path)
                path.mkdir(parents=True, exist_ok=True)

    def place(self, source: Path, target: Path, *, linkable: bool, size: int | None = None) -> None:
        """Make `target` hold what `source` holds. `linkable`: nobody writes such files in place.

        It is on disk after the next `settle`, as waiting for each file takes its time.
        Raises `Conflict` where the source does not have the `size` that it had, and `DiskProblem`,
        also where the mode names one way to share a file and the file system doesn't have it.
        """
        self.make_folder(target.parent)
        try:
            status = source.lstat()
            if stat.S_ISLNK(status.st_mode):
                source = Path(os.path.realpath(source))  # a link to a link would lead elsewhere
                status = source.stat()
        except OSError as error:
            raise DiskProblem(f"{source} can't be read: {error.strerror or error}.") from error
        if size is not None and status.st_size != size:
            raise Conflict(f"{source.name} was changed meanwhile; start again.")
        with explained(target):
            self._before("place", target)
            if self._reflink(source, target, status) or (
                linkable and self._hard_link(source, target)
            ):
                self._advance(status.st_size)
            else:
                self._copy(source, target)

    def write(self, target: Path, content: bytes) -> None:
        """A new file with this content, on disk when it returns."""
        self.make_folder(target.parent)
        with explained(target):
            self._before("write", target)
            with target.open("xb") as file:
                file.write(content)
                file.flush()
                self._before("sync", target)
                os.fsync(file.fileno())
        self._advance(len(content))

    def make(self, target: Path, produce: Callable[[Path], None]) -> None:
        """A new file that `produce` writes at the path it is given, on disk when it returns."""
        self.make_folder(target.parent)
        with explained(target):
            self._before("make", target)
            produce(target)
            self._before("sync", target)
            sync(target)

    def change(self, target: Path, edit: Callable[[Path], None]) -> None:
        """Let `edit` change a file that is ours alone; on disk when it returns."""
        with explained(target):
            self._before("change", target)
            edit(target)
            self._before("sync", target)
            sync(target)

    def settle(self) -> None:
        """Have all that was placed on disk when this returns; `publish` does it, too."""
        if len(self._copied) > _MANY:
            folder = self._copied[0].parent
            with explained(folder):
                self._before("settle", folder)
                if _sync_file_system(folder):
                    self._copied.clear()
        for path in self._copied:
            with explained(path):
                self._before("settle", path)
                sync(path)
        self._copied.clear()

    def publish(self, stage: Path, target: Path) -> None:
        """Put everything below `stage` on disk, then let it appear as `target` by one rename."""
        self.settle()
        with explained(stage):
            self._before("sync", stage)
            for folder, _, _ in os.walk(stage):
                sync(Path(folder))
        with explained(target):
            self._before("publish", target)
            stage.rename(target)
        with contextlib.suppress(OSError):  # it is in place; not every file system can do this
            self._before("sync", target.parent)
            sync(target.parent)

    def _reflink(self, source: Path, target: Path, status: os.stat_result) -> bool:
        if self._mode not in (FileMode.AUTO, FileMode.REFLINK):
            return False
        if self._mode is FileMode.AUTO and status.st_dev in self._unshared:
            return False
        with source.open("rb") as reading, target.open("xb") as writing:
            try:
                fcntl.ioctl(writing.fileno(), _FICLONE, reading.fileno())
            except OSError as error:
                if error.errno not in _CANT:
                    raise
                if error.errno in _NEVER:
                    self._unshared.add(status.st_dev)
            else:
                self._copied.append(target)
                _keep_times(source, target)
                return True
        target.unlink()
        if self._mode is FileMode.REFLINK:
            raise DiskProblem(
                "This file system can't share blocks (reflink); choose the file mode auto."
            )
        return False

    def _hard_link(self, source: Path, target: Path) -> bool:
        if self._mode not in (FileMode.AUTO, FileMode.HARDLINK):
            return False
        try:
            os.link(source, target)
        except OSError as error:
            if error.errno not in _CANT:
                raise
            if self._mode is FileMode.HARDLINK:
                why = error.strerror or error
                raise DiskProblem(
                    f"{source.name} can't be linked ({why}); choose the file mode auto or copy."
                ) from error
            return False
        return True

    def _copy(self, source: Path, target: Path) -> None:
        with source.open("rb") as reading, target.open("xb") as writing:
            while count := _copy_some(reading.fileno(), writing.fileno()):
                self._advance(count)
            # has the kernel begin to write, so that there is little to wait for in the end
            os.posix_fadvise(writing.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        self._copied.append(target)
        _keep_times(source, target)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns an OSError about writing `path` into a sentence that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            message = f"The disk is full: no room for {path.name}. Free some and try again."
        elif error.errno == errno.EROFS:
            message = f"{path} is on a disk that can only be read. Mount it for writing first."
        elif error.errno in (errno.EACCES, errno.EPERM):
            message = f"No permission to write {path}. Give this user the right to, and try again."
        elif error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            message = f"{path} exists already; nothing was changed."
        else:
            message = f"{path} can't be written: {error.strerror or error}."
        raise DiskProblem(message) from error


def sync(path: Path) -> None:
    """Have a file or folder on disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file_system(folder: Path) -> bool:
    """Have everything on the file system of `folder` on disk; False where that can't be asked."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if call is None:
        return False
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if call(descriptor):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
    finally:
        os.close(descriptor)
    return True


def _copy_some(reading: int, writing: int) -> int:
    try:
        return os.copy_file_range(reading, writing, _CHUNK)
    except OSError as error:
        if error.errno not in _CANT:
            raise
    return os.sendfile(writing, reading, None, _CHUNK)  # None: go on from where the last one ended


def _keep_times(source: Path, target: Path) -> None:
    status = source.stat()
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
