"""The built web app: compressed as it was built, hashed files cached for good."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from training_manager_ros.errors import NotFound
from training_manager_ros.panel.handlers import PanelHandler
from training_manager_ros.panel.pages import PAGE_POLICY, message_page
from training_manager_ros.panel.sending import OpenFile, open_file, revision_of, send_file
from training_manager_ros.panel.sign_in import SigningIn

__all__ = ["Index", "StaticFile"]

_SUFFIXES = {"br": ".br", "gzip": ".gz"}  # in order of preference
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_ACCEPTED = re.compile(r"\s*([A-Za-z0-9*-]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml"}


def accepted_encodings(header: str) -> Iterator[str]:
    """The encodings that both sides know, the best first."""
    weights: dict[str, float] = {}
    for item in header.split(","):
        match = _ACCEPTED.fullmatch(item)
        if match:
            weights[match[1].lower()] = float(match[2] or 1)
    for encoding in _SUFFIXES:
        if weights.get(encoding, weights.get("*", 0.0)) > 0:
            yield encoding


def _open_best(path: Path, encodings: list[str]) -> tuple[OpenFile, str]:
    for encoding in encodings:
        try:
            built = path.with_name(path.name + _SUFFIXES[encoding])
            return open_file(built, partial(revision_of, variant=encoding)), encoding
        except NotFound:
            continue
    return open_file(path, revision_of), ""


def _content_type(path: Path) -> str:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


async def _send_static(handler: PanelHandler, path: Path) -> None:
    encodings = list(accepted_encodings(handler.request.headers.get("Accept-Encoding", "")))
    file, encoding = await handler.panel.reading.run(lambda: _open_best(path, encodings))
    try:
        if encoding:
            handler.set_header("Content-Encoding", encoding)
        handler.set_header("Vary", "Accept-Encoding, Cookie")
        await send_file(handler, file, _content_type(path))
    finally:
        file.close()


class StaticFile(PanelHandler):
    """A file of the built web app by its path; those below assets/ have a hash in their name."""

    async def get(self, path: str) -> None:
        """Answer with the file."""
        parts = path.split("/")
        if not all(_PART.fullmatch(part) for part in parts):
            raise NotFound("There is nothing at this address.")
        hashed = parts[0] == "assets"
        caching = "private, max-age=31536000, immutable" if hashed else "private, no-cache"
        self.set_header("Cache-Control", caching)
        await _send_static(self, self.panel.static_dir.joinpath(*parts))

    head = get


class Index(SigningIn):
    """The panel itself, or the sign-in page; takes the token out of a pairing link."""

    async def get(self) -> None:
        """Answer with the page."""
        if self.take_token_from_address():
            return
        if self.session is None:
            self.show_sign_in()
            return
        self.keep_signed_in()
        self.set_header("Content-Security-Policy", self._policy())
        self.set_header("Cache-Control", "private, no-cache")
        try:
            await _send_static(self, self.panel.static_dir / "index.html")
        except NotFound:
            self._say_that_it_is_not_built()
        self.panel.reading.begin(self.panel.library.warm_up)

    head = get

    def _policy(self) -> str:
        host = self.request.host  # checked; not every browser counts sockets as 'self'
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
            "img-src 'self' data: blob:; media-src 'self' blob:; manifest-src 'self'; "
            f"connect-src 'self' ws://{host} wss://{host}; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )

    def _say_that_it_is_not_built(self) -> None:
        self.set_status(503)
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            message_page(
                "The panel is not built",
                "The server runs, but the web app's files are not in this installation.",
                "Build them in the checkout with `python tools/build_panel.py`, or install the "
                "package again, then reload this page.",
            )
        )
