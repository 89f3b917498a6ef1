"""The training server for callers that block: jobs in worker threads, a shell command.

Everything happens in one thread with one set of kept connections and one sign-in, however many
threads call. Nothing touches the network before the first call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx

from training_manager_ros.training.calls import Calls
from training_manager_ros.training.control import Control
from training_manager_ros.training.conversion import Conversion
from training_manager_ros.training.download import DownloadResult, download
from training_manager_ros.training.loop import LoopThread
from training_manager_ros.training.models import (
    Metrics,
    ServerInfo,
    ServerRun,
    ServerSkill,
)
from training_manager_ros.training.pauses import SIGN_IN_PAUSES, TRANSFER_PAUSES, Pauses
from training_manager_ros.training.presets import ACT_DEFAULT, Preset
from training_manager_ros.training.progress import Report, unheard
from training_manager_ros.training.reading import Json
from training_manager_ros.training.run_log import RunLog
from training_manager_ros.training.server import TrainingServer
from training_manager_ros.training.settings import Settings
from training_manager_ros.training.signin import NO_KEY, SignIn
from training_manager_ros.training.transfer import TransferOptions
from training_manager_ros.training.upload import UploadResult, upload

__all__ = ["Connection", "SignInState", "TrainingClient"]

_T = TypeVar("_T")

CALL_TIMEOUT = 30.0  # seconds
USER_AGENT = "training-manager"


@dataclass(frozen=True)
class SignInState:
    """What the panel shows about the server."""

    server: str  # host and port
    signed_in: bool
    problem: str  # in words; "" if there is none


@dataclass(frozen=True)
class Connection:
    """The parts of a client that live in its thread."""

    http: httpx.AsyncClient
    sign_in: SignIn
    server: TrainingServer


class TrainingClient:
    """One training server; safe to use from several threads; to be closed."""

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        options: TransferOptions | None = None,
        sign_in_pauses: Pauses = SIGN_IN_PAUSES,
        call_pauses: Pauses = TRANSFER_PAUSES,
        call_timeout: float = CALL_TIMEOUT,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._options = options or TransferOptions()
        self._sign_in_pauses = sign_in_pauses
        self._call_pauses = call_pauses
        self._call_timeout = call_timeout
        self._loop = LoopThread()
        self._connection: Connection | None = None
        silence_http_logs()

    def __enter__(self) -> TrainingClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what still runs and close the connections."""
        self._loop.close(self._disconnect)

    @property
    def server_name(self) -> str:
        """Host and port of the server."""
        return self._settings.server_name

    @property
    def state(self) -> SignInState:
        """Whether it is signed in, and what is wrong; asks nobody."""
        connection = self._connection
        needless = not self._settings.issuer_url
        keyless = "" if needless or self._settings.service_key else NO_KEY
        return SignInState(
            server=self.server_name,
            signed_in=needless or (connection is not None and connection.sign_in.signed_in),
            problem=connection.sign_in.problem if connection is not None else keyless,
        )

    # Skills

    def skills(self) -> list[ServerSkill]:
        """All skills of this owner on the server."""
        return self.perform(lambda connection: connection.server.skills())

    def upload(
        self,
        folder: Path,
        *,
        conversion: Conversion | None = None,
        control: Control | None = None,
        report: Report = unheard,
        options: TransferOptions | None = None,
        as_new: bool = False,
    ) -> UploadResult:
        """Bring a skill's recordings to the server; see `upload.upload`.

        `report` is called from the client's thread and must return at once.
        """
        return self.perform(
            lambda connection: upload(
                connection.server,
                connection.http,
                self.server_name,
                folder,
                control or Control(),
                report,
                conversion,
                options or self._options,
                as_new=as_new,
            )
        )

    def delete_skill(self, skill_id: str) -> None:
        """Delete a skill on the server (where the server offers it)."""
        self.perform(lambda connection: connection.server.delete_skill(skill_id))

    # Runs

    def create_run(self, skill_id: str, training_params: Json) -> ServerRun:
        """Ask for a run; never asked twice."""
        return self.perform(
            lambda connection: connection.server.create_run(skill_id, training_params)
        )

    def runs(self, skill_id: str) -> list[ServerRun]:
        """All runs of a skill."""
        return self.perform(lambda connection: connection.server.runs(skill_id))

    def run(self, skill_id: str, run_id: int) -> ServerRun:
        """One run."""
        return self.perform(lambda connection: connection.server.run(skill_id, run_id))

    def download(
        self,
        folder: Path,
        skill_id: str,
        run_id: int,
        *,
        control: Control | None = None,
        report: Report = unheard,
        options: TransferOptions | None = None,
    ) -> DownloadResult:
        """Bring the results of a run into the skill's folder; see `download.download`.

        `report` is called from the client's thread and must return at once.
        """
        return self.perform(
            lambda connection: download(
                connection.server,
                connection.http,
                folder,
                skill_id,
                run_id,
                control or Control(),
                report,
                options or self._options,
            )
        )

    # What not every server offers

    def info(self) -> ServerInfo:
        """What server it is, and which extras it offers."""
        return self.perform(lambda connection: connection.server.info())

    def presets(self) -> list[Preset]:
        """What a run can start from."""
        return self.perform(lambda connection: connection.server.presets()) or [ACT_DEFAULT]

    def cancel_run(self, skill_id: str, run_id: int) -> ServerRun:
        """Stop a run."""
        return self.perform(lambda connection: connection.server.cancel_run(skill_id, run_id))

    def approve_run(self, skill_id: str, run_id: int) -> ServerRun:
        """Let a waiting run start."""
        return self.perform(lambda connection: connection.server.approve_run(skill_id, run_id))

    def reject_run(self, skill_id: str, run_id: int, reason: str = "") -> ServerRun:
        """Turn a waiting run down."""
        return self.perform(
            lambda connection: connection.server.reject_run(skill_id, run_id, reason)
        )

    def run_log(self, skill_id: str, run_id: int, offset: int = 0, limit: int = 65536) -> RunLog:
        """A part of a run's log; a negative offset counts from the end."""
        return self.perform(
            lambda connection: connection.server.run_log(skill_id, run_id, offset, limit)
        )

    def metrics(self, skill_id: str, run_id: int, after: int | None = None) -> Metrics:
        """The curves of a run."""
        return self.perform(lambda connection: connection.server.metrics(skill_id, run_id, after))

    # How it is done

    def perform(self, work: Callable[[Connection], Coroutine[Any, Any, _T]]) -> _T:
        """The result of asynchronous work with the server, done in the client's thread."""

        return self._loop.call(self._connected(work))

    def background(
        self, work: Callable[[Connection], Coroutine[Any, Any, None]]
    ) -> Callable[[], None]:
        """Start asynchronous work in the client's thread; what is returned stops it."""
        return self._loop.start(self._connected(work))

    async def _connected(self, work: Callable[[Connection], Coroutine[Any, Any, _T]]) -> _T:
        if self._connection is None:
            self._connection = self._connect()
        return await work(self._connection)

    async def _disconnect(self) -> None:
        if self._connection is not None:
            # Older versions complain about connections of work that was cancelled.
            with suppress(RuntimeError):
                await self._connection.http.aclose()
            self._connection = None

    def _connect(self) -> Connection:
        http = httpx.AsyncClient(
            transport=self._transport,
            headers={"User-Agent": USER_AGENT},
            timeout=self._call_timeout,
            # Calls and transfers bound themselves; here nobody shall wait for a connection.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=32),
        )
        sign_in = SignIn(http, self._settings, self._sign_in_pauses)
        calls = Calls(http, self._settings, sign_in, self._call_pauses)
        return Connection(http, sign_in, TrainingServer(calls))


def silence_http_logs() -> None:
    """Keep addresses and headers out of all logs: the HTTP library writes them whole."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
