"""Videos, frames, thumbnails and signals of episodes over HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from tornado.web import Finish

from training_manager_ros.errors import InvalidInput
from training_manager_ros.panel.handlers import PanelHandler, Refused
from training_manager_ros.panel.library import BeingEncoded, Picture
from training_manager_ros.panel.sending import send_file, send_not_modified
from training_manager_ros.panel.signals import compressed
from training_manager_ros.panel.static_files import accepted_encodings
from training_manager_ros.panel.workers import Busy, Workers

__all__ = ["Frame", "Signals", "Thumbnail", "VideoFile", "VideoInfo"]

_T = TypeVar("_T")
_NUMBER = re.compile(r"[0-9]{1,9}")
_WIDTHS = range(1, 4097)
_POINTS = range(2, 1_000_001)
_CACHING = "private, no-cache"  # kept, and asked about: the ETag changes with the file


class MediaHandler(PanelHandler):
    """Runs work in threads, and drops it if the client goes away before it began."""

    _work: asyncio.Task[object] | None = None
    _gone = False

    async def in_thread(self, workers: Workers, work: Callable[[], _T]) -> _T:
        """Run `work`; what it gives must need no closing."""
        stream = getattr(self.request.connection, "stream", None)
        if self._gone or (stream is not None and stream.closed()):
            raise Finish  # it left with its request: nobody tells us later
        task = asyncio.ensure_future(workers.run(work))
        self._work = task
        try:
            return await task
        except asyncio.CancelledError:
            if self._gone:
                raise Finish from None
            raise
        except Busy:
            raise Refused(
                503, "Too much at once. Try again in a moment.", {"Retry-After": "1"}
            ) from None

    def on_connection_close(self) -> None:
        """Drop work that nobody waits for any more."""
        self._gone = True
        if self._work is not None:
            self._work.cancel()

    def number(self, name: str, allowed: range) -> int | None:
        """A number from the query; None if it is not given."""
        text = self.get_query_argument(name, None)
        if text is None:
            return None
        if _NUMBER.fullmatch(text) is None or int(text) not in allowed:
            problem = f"must be a number from {allowed[0]} to {allowed[-1]}"
            raise InvalidInput(f"{name} {problem}.", {name: problem})
        return int(text)

    def send_picture(self, picture: Picture) -> None:
        """Answer with a JPEG."""
        self.set_header("Cache-Control", _CACHING)
        if send_not_modified(self, picture.revision) or picture.data is None:
            return
        self.set_header("Content-Type", "image/jpeg")
        self.finish(picture.data)


class VideoInfo(MediaHandler):
    """How far a camera's video is, and what it is like."""

    async def get(self, skill: str, episode: str, camera: str) -> None:
        """Answer with the state; ask again while it is "encoding"."""
        library = self.panel.library
        work = partial(library.video, skill, int(episode), camera)
        video = await self.in_thread(self.panel.reading, work)
        playable = video.playable
        url = (
            f"/api/media/{quote(skill, safe='')}/{int(episode)}/{quote(camera, safe='')}/video.mp4"
        )
        self.write_json(
            {
                "state": playable.state,
                "progress": playable.progress,
                "frames": playable.frames,
                "rate": playable.rate,
                "width": playable.width,
                "height": playable.height,
                "start_time": playable.start_time,
                "error": playable.error,
                # A replaced file gets another address, so no player mixes the two.
                "url": f"{url}?v={quote(video.etag.strip(chr(34)))}" if video.etag else "",
            }
        )


class VideoFile(MediaHandler):
    """A camera's video as MP4."""

    async def get(self, skill: str, episode: str, camera: str) -> None:
        """Answer with the file or a range of it; 409 while it is being encoded."""
        library = self.panel.library
        work = partial(library.open_video, skill, int(episode), camera)
        try:
            file = await self.panel.reading.run(work)
        except BeingEncoded as error:
            raise Refused(409, str(error), {"Retry-After": "1"}) from error
        try:
            self.set_header("Cache-Control", _CACHING)
            await send_file(self, file, "video/mp4")
        finally:
            file.close()

    head = get


class Frame(MediaHandler):
    """One frame of a camera as JPEG."""

    async def get(self, skill: str, episode: str, camera: str, frame: str) -> None:
        """Answer with the picture, at most `width` pixels wide."""
        width = self.number("width", _WIDTHS)
        headers = self.request.headers
        library = self.panel.library
        work = partial(library.frame, skill, int(episode), camera, int(frame), width, headers)
        self.send_picture(await self.in_thread(self.panel.decoding, work))


class Thumbnail(MediaHandler):
    """A small picture of an episode."""

    async def get(self, skill: str, episode: str) -> None:
        """Answer with the picture."""
        work = partial(self.panel.library.thumbnail, skill, int(episode), self.request.headers)
        self.send_picture(await self.in_thread(self.panel.decoding, work))


class Signals(MediaHandler):
    """An episode's signals as JSON."""

    async def get(self, skill: str, episode: str) -> None:
        """Answer with the signals; `points` bounds the number of rows."""
        points = self.number("points", _POINTS)
        encodings = accepted_encodings(self.request.headers.get("Accept-Encoding", ""))
        gzipped = "gzip" in encodings
        library = self.panel.library

        def work() -> bytes:
            data = library.signals(skill, int(episode), points)
            return compressed(data) if gzipped else data

        data = await self.in_thread(self.panel.decoding, work)
        if gzipped:
            self.set_header("Content-Encoding", "gzip")
        self.set_header("Vary", "Accept-Encoding")
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(data)
