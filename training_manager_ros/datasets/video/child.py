"""The process that encodes: low in priority, bounded in memory, gone when its parent is.

It reads one line of JSON from its standard input (see `encoder.py`, its only caller) and writes
lines of JSON to its standard output: {"done": frames}, and at the end {"frames": n} or
{"error": sentence, "final": whether trying again is of no use}.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

import av

from training_manager_ros.datasets.model import FrameSource, Hdf5Frames, ImageFrames, VideoFrames
from training_manager_ros.datasets.video.encode import encode_movie
from training_manager_ros.datasets.video.source import all_frames
from training_manager_ros.errors import TrainingManagerError, Unreadable

_NICE = 10
_MAX_DATA = 2 * 2**30  # a broken file may ask for anything; 300 MB is what sound ones need
_REPORT_S = 0.1
_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (VideoFrames, Hdf5Frames, ImageFrames)
}
_NOT_THE_FILE = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ENOMEM, errno.EIO}


def main() -> None:
    """Encode what the line on standard input says."""
    os.nice(_NICE)
    _, allowed = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _MAX_DATA if allowed == resource.RLIM_INFINITY else min(_MAX_DATA, allowed)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, allowed))
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    source: FrameSource = _KINDS[request["kind"]](
        **{**request["source"], "path": Path(request["source"]["path"])}
    )
    try:
        frames = encode_movie(
            all_frames(source),
            Path(request["target"]),
            request["rate"],
            request["threads"],
            _Progress(),
        )
    except (TrainingManagerError, OSError, MemoryError, av.error.FFmpegError) as error:
        _say({"error": _sentence(error, source.path.name), "final": _is_final(error)})
    else:
        _say({"frames": frames})


class _Progress:
    """Says how far it is, but not at every frame."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, done: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _REPORT_S
            _say({"done": done})


def _end_with_parent() -> None:
    # returns when the parent is gone, however it went; past sys.stdin, whose lock would be held
    os.read(0, 1)
    os._exit(1)


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def _is_final(error: BaseException) -> bool:
    if isinstance(error, TrainingManagerError):
        return isinstance(error, Unreadable)
    return not isinstance(error, MemoryError) and getattr(error, "errno", 0) not in _NOT_THE_FILE


def _sentence(error: BaseException, name: str) -> str:
    if isinstance(error, TrainingManagerError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"There was not enough memory to encode {name}."
    if getattr(error, "errno", 0) == errno.ENOSPC:
        return f"The disk is full; {name} could not be encoded."
    return f"{name} can't be encoded: {getattr(error, 'strerror', None) or error}."


if __name__ == "__main__":
    main()
