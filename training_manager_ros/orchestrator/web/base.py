"""What all handlers share: who calls, JSON in and out, errors as `{"detail": …}`."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from http.client import responses
from types import TracebackType
from typing import Any, TypeVar

from tornado.web import HTTPError, RequestHandler

from training_manager_ros.errors import Conflict, InvalidInput, NotFound, TrainingManagerError
from training_manager_ros.orchestrator.records import Run, Skill
from training_manager_ros.orchestrator.services import Services

__all__ = ["ApiHandler", "Missing", "PlainHandler"]

T = TypeVar("T")
log = logging.getLogger("training_manager.orchestrator")

STATUS: dict[type[TrainingManagerError], int] = {InvalidInput: 400, NotFound: 404, Conflict: 409}
EXPLAINING = ("WWW-Authenticate", "Content-Range")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class PlainHandler(RequestHandler):
    """A handler that nobody has to be signed in for."""

    services: Services

    def initialize(self, services: Services) -> None:
        """Called by tornado for each request."""
        self.services = services

    def set_default_headers(self) -> None:
        """No header tells what the server is made of; nothing here is for a browser's cache."""
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Not used here: bodies are small and read whole."""
        return None

    @property
    def base(self) -> str:
        """The server's own address, as the client knows it."""
        public = self.services.settings.public_url.rstrip("/")
        return public or f"{self.request.protocol}://{self.request.host}"

    def answer(self, value: object, status: int = 200) -> None:
        """Send JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(value, separators=(",", ":")))

    async def thread(self, work: Callable[..., T], *arguments: object) -> T:
        """Run something that blocks."""
        return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)

    async def written(self, future: Future[T]) -> T:
        """Wait for a change of the database."""
        return await asyncio.wrap_future(future)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error has the same form."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        detail = responses.get(status_code, "Error")
        value: dict[str, Any] = {}
        if isinstance(error, TrainingManagerError):
            self.set_status(STATUS.get(type(error), 500))
            detail = str(error)
            if isinstance(error, InvalidInput) and error.fields:
                value["fields"] = error.fields
        elif isinstance(error, HTTPError) and error.log_message:
            detail = error.log_message
        elif status_code == 500:
            detail = "The server made a mistake; its own log tells more."
        self.answer({"detail": detail, **value}, self.get_status())

    def clear(self) -> None:
        """Errors are sent on a cleared response; what explains them stays on it."""
        before = getattr(self, "_headers", {})
        kept = {name: before[name] for name in EXPLAINING if name in before}
        super().clear()
        for name, value in kept.items():
            self.set_header(name, value)

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """A traceback only for what is a mistake of the server's."""
        if not isinstance(value, (HTTPError, TrainingManagerError)):
            log.error("%s", self._request_summary(), exc_info=value)

    def _request_summary(self) -> str:
        # never the query: it holds the signatures of URLs
        return f"{self.request.method} {self.request.path}"


class ApiHandler(PlainHandler):
    """A handler for signed-in owners."""

    owner: str

    def prepare(self) -> None:
        """Find out who calls, before anything else."""
        self.owner = self._open_owner() if self.services.open_owner else self._signed_in()

    def skill(self, skill_id: str) -> Skill:
        """The caller's skill."""
        return self.services.skills.skill(self.owner, skill_id)

    def run_of(self, skill_id: str, run_id: str) -> Run:
        """A run of the caller's skill."""
        self.skill(skill_id)
        return self.services.runs.run(int(run_id), skill_id)

    def body(self) -> dict[str, Any]:
        """The request's JSON object."""
        try:
            value = json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise HTTPError(400, "The request's body is no JSON.") from error
        if not isinstance(value, dict):
            raise HTTPError(400, "The request's body must be a JSON object.")
        return value

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        """A whole number of the query, within bounds."""
        text = self.get_query_argument(name, str(default))
        try:
            return min(highest, max(lowest, int(text)))
        except ValueError as error:
            raise HTTPError(400, f"{name} must be a whole number.") from error

    def _open_owner(self) -> str:
        # without sign-in, a web page in a browser on this machine must not be able to start runs:
        # browsers name the page's origin, and a rebound name is no loopback name
        name = self.request.host_name.strip("[]")
        if "Origin" in self.request.headers or name not in LOOPBACK:
            raise HTTPError(403, "Without sign-in only programs on this machine are answered.")
        assert self.services.open_owner is not None
        return self.services.open_owner

    def _signed_in(self) -> str:
        kind, _, text = self.request.headers.get("Authorization", "").partition(" ")
        text = text.strip()
        if kind.lower() != "bearer" or not text:
            self._refuse("Sign in: send a token as Authorization: Bearer.", "invalid_request")
        found = self.services.tokens.check(text)
        if found is not None and not self.services.accounts.is_valid(*found):
            found = None
        if found is None:
            found = self.services.accounts.by_text(text)
        if found is None:
            self._refuse("The token is wrong, revoked or has expired.", "invalid_token")
        return found[0]  # type: ignore[index]

    def _refuse(self, detail: str, error: str) -> None:
        self.set_header("WWW-Authenticate", f'Bearer error="{error}"')
        raise HTTPError(401, detail)


class Missing(PlainHandler):
    """Answers for every path that is none of ours."""

    def prepare(self) -> None:
        """Always 404."""
        raise HTTPError(404, "There is nothing at this address.")
