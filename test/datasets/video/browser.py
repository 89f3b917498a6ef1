"""A real browser looking at video files: a tiny server that knows Range, and a page that seeks."""

from __future__ import annotations

import base64
import contextlib
import io
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

CHROMIUM = Path("/usr/bin/chromium")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PAGE = b"<!doctype html><title>frames</title><video muted preload=auto></video>"
_OPEN = """async (url) => {
  const video = document.querySelector('video');
  const asked = performance.now();
  await new Promise((resolve, reject) => {
    video.onloadeddata = resolve;
    video.onerror = () => reject(new Error(video.error ? video.error.message : 'error'));
    video.src = url;
  });
  return {width: video.videoWidth, height: video.videoHeight, duration: video.duration,
          milliseconds: performance.now() - asked};
}"""
_SHOWN = """async (time) => {
  const video = document.querySelector('video');
  const asked = performance.now();
  // 'seeked' may come before the new picture is there to draw; none comes if it is the same
  const presented = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  await new Promise((resolve, reject) => {
    video.onseeked = resolve;
    video.onerror = () => reject(new Error(video.error ? video.error.message : 'error'));
    video.currentTime = time;
  });
  await Promise.race([presented, new Promise((resolve) => setTimeout(resolve, 3000))]);
  const milliseconds = performance.now() - asked;
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  window.shown = canvas.toDataURL('image/png').split(',')[1];
  return {length: window.shown.length, milliseconds};
}"""
_PART = "(start) => window.shown.slice(start, start + 100000)"  # long answers take seconds
_PLAYED = """async (seconds) => {
  const video = document.querySelector('video');
  const times = [];
  const note = (_, facts) => {times.push(facts.mediaTime); video.requestVideoFrameCallback(note);};
  video.requestVideoFrameCallback(note);
  video.currentTime = 0;
  await video.play();
  await new Promise((resolve) => {
    video.onended = resolve;
    setTimeout(resolve, seconds * 1000);
  });
  video.pause();
  return times;
}"""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files: dict[str, Path]

    def do_GET(self) -> None:
        path = self.files.get(self.path)
        if path is None:
            self._answer(200 if self.path == "/" else 404, _PAGE if self.path == "/" else b"", {})
            return
        size = path.stat().st_size
        wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first = int(wanted[1]) if wanted else 0
        last = min(int(wanted[2]), size - 1) if wanted and wanted[2] else size - 1
        with path.open("rb") as file:
            file.seek(first)
            body = file.read(last - first + 1)
        self._answer(
            206 if wanted else 200,
            body,
            {
                "Content-Type": "video/mp4",
                "Accept-Ranges": "bytes",
                "Content-Range": f"bytes {first}-{last}/{size}",
            },
        )

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the browser has what it wants
            super().handle()

    def log_message(self, *args: object) -> None:
        """Keep the test's output clean."""


class Browser:
    """One page with one `<video>`; every call raises what the browser reports as an error."""

    def __init__(self, page: Any, server: ThreadingHTTPServer, files: dict[str, Path]) -> None:
        self._page = page
        self._files = files
        self._origin = f"http://127.0.0.1:{server.server_port}"
        self.seek_ms: list[float] = []
        page.goto(self._origin + "/")

    def open(self, path: Path) -> dict[str, float]:
        """Load a file; answers its size, duration and how long the first frame took."""
        url = f"/{len(self._files)}.mp4"
        self._files[url] = path
        facts: dict[str, float] = self._page.evaluate(_OPEN, self._origin + url)
        return facts

    def shown(self, time: float) -> npt.NDArray[np.uint8]:
        """RGB pixels (H, W, 3) that a canvas gets after seeking to `time`."""
        answer = self._page.evaluate(_SHOWN, time)
        self.seek_ms.append(answer["milliseconds"])
        starts = range(0, answer["length"], 100_000)
        data = base64.b64decode("".join(self._page.evaluate(_PART, start) for start in starts))
        with av.open(io.BytesIO(data), format="png_pipe") as container:
            pixels: npt.NDArray[np.uint8] = next(container.decode(video=0)).to_ndarray(
                format="rgb24"
            )
        return pixels

    def played(self, seconds: float) -> Sequence[float]:
        """Media times of the frames shown while it plays from 0, at most for `seconds`."""
        times: list[float] = self._page.evaluate(_PLAYED, seconds)
        return times


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium, closed at the end."""
    from playwright.sync_api import sync_playwright

    files: dict[str, Path] = {}
    handler = type("Handler", (_Handler,), {"files": files})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=_FLAGS)
            try:
                yield Browser(chromium.new_page(), server, files)
            finally:
                chromium.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
