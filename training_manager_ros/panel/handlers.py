"""What every request goes through: Host, Origin, session, headers, and errors as JSON."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from training_manager_ros.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    TrainingManagerError,
    Unreadable,
)
from training_manager_ros.panel.access import Access
from training_manager_ros.panel.hosts import HostPolicy, refusal_of_other_sites
from training_manager_ros.panel.workers import Workers

if TYPE_CHECKING:
    from training_manager_ros.panel.gateway import Gateway
    from training_manager_ros.panel.library import Library

__all__ = ["Panel", "PanelHandler", "Refused", "UnknownPage", "client_address", "log_request"]

_log = logging.getLogger("training_manager.panel")

_STATUS: dict[type[TrainingManagerError], int] = {
    InvalidInput: 400,
    NotFound: 404,
    Conflict: 409,
    Unreadable: 422,
}


@dataclass(frozen=True)
class Panel:
    """Everything that the handlers of one server share."""

    library: Library
    skills_dir: Path
    static_dir: Path
    bridge_url: str
    access: Access | None  # None: everybody may come in
    hosts: HostPolicy
    token_place: str  # where the sign-in page says that the token is
    reading: Workers  # short reads of files
    decoding: Workers  # frames, thumbnails, signals
    sockets: set[Gateway] = field(default_factory=set)
    ping_every: float = 20.0  # seconds; for sockets
    dead_after: float = 70.0  # seconds without a sign of life: who leaves the Wi-Fi says no goodbye

    def end_session(self, key: str) -> None:
        """Sign a session out and close its sockets."""
        if self.access is not None:
            self.access.sessions.end(key)
        for socket in [socket for socket in self.sockets if socket.session == key]:
            socket.end("Signed out.")


class Refused(HTTPError):
    """Raised by a handler to answer with a status and a sentence."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.detail = detail
        self.headers = dict(headers or {})


class PanelHandler(RequestHandler):
    """Base of all handlers. Refuses strangers before the handler sees the request.

    `open_to_all` handlers answer without a session, too; `session` tells which it is.
    """

    open_to_all = False
    session: str | None = None

    def initialize(self, panel: Panel) -> None:
        """Take what the server's handlers share."""
        self.panel = panel

    def set_default_headers(self) -> None:
        """Set what every answer carries, errors as well."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Frame-Options", "DENY")
        # Not "no-referrer": with it, browsers call the origin of a form "null".
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        """Check Host, Origin and session."""
        hosts = self.request.headers.get_list("Host")
        if len(hosts) != 1 or not self.panel.hosts.allows(hosts[0]):
            raise Refused(
                403,
                "The panel does not answer to this name. Open it by its IP address, or start it "
                "with --allow-host and the name.",
            )
        headers = self.request.headers
        refusal = refusal_of_other_sites(self.request.method or "", hosts[0], headers)
        if refusal:
            raise Refused(403, refusal)
        self.session = self._find_session()
        if self.session is None and not self.open_to_all:
            raise Refused(401, "Not signed in: open the panel's address with its pairing token.")

    def _find_session(self) -> str | None:
        """The session's key; "" where everybody may come in, None for strangers."""
        access = self.panel.access
        if access is None:
            return ""
        cookie = self.get_cookie(access.cookie)
        return access.sessions.find(cookie) if cookie else None

    def compute_etag(self) -> str | None:
        """No automatic ETag: what can be cached has one made of the file's revision."""
        return None

    def write_json(self, value: dict[str, object]) -> None:
        """Answer with JSON."""
        self.finish(value)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with {"detail": sentence}, and {"fields"} where fields are wrong."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        answer: dict[str, object] = {"detail": f"{self._reason}."}
        if isinstance(error, Refused):
            answer["detail"] = error.detail
            for name, value in error.headers.items():
                self.set_header(name, value)
        elif isinstance(error, TrainingManagerError):
            kinds = (status for kind, status in _STATUS.items() if isinstance(error, kind))
            self.set_status(next(kinds, 500))
            answer["detail"] = str(error)
            if isinstance(error, InvalidInput) and error.fields:
                answer["fields"] = error.fields
        self.write_json(answer)

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log what is a fault of ours; never the query, which may hold the token."""
        expected = (HTTPError, TrainingManagerError, StreamClosedError)
        if value is None or isinstance(value, expected):
            return
        _log.error(
            "%s %s failed",
            self.request.method,
            self.request.path,
            exc_info=(type(value), value, tb),
        )


class UnknownPage(PanelHandler):
    """Answers every address that is none."""

    def prepare(self) -> None:
        """Refuse strangers first: they learn nothing about what is there."""
        super().prepare()
        raise Refused(404, "There is nothing at this address.")


def client_address(request: HTTPServerRequest) -> str:
    """The network address that a request comes from; headers that claim another do not count."""
    return request.remote_ip or "unknown"


def log_request(handler: RequestHandler) -> None:
    """Log a request without its query."""
    request = handler.request
    _log.debug(
        "%s %s %d %.0f ms",
        request.method,
        request.path,
        handler.get_status(),
        1000 * request.request_time(),
    )
