"""Everything the server consists of, put together once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from training_manager_ros import __version__
from training_manager_ros.errors import Conflict, InvalidInput
from training_manager_ros.orchestrator.accounts import Accounts
from training_manager_ros.orchestrator.clock import Clock
from training_manager_ros.orchestrator.conductor import Conductor
from training_manager_ros.orchestrator.database import Database
from training_manager_ros.orchestrator.engines import Engine
from training_manager_ros.orchestrator.folders import RunFolders
from training_manager_ros.orchestrator.objects import ObjectStore
from training_manager_ros.orchestrator.objects.local import LocalObjects
from training_manager_ros.orchestrator.presets import Presets
from training_manager_ros.orchestrator.repository import Repositories
from training_manager_ros.orchestrator.run_store import RunStore
from training_manager_ros.orchestrator.secret import derive, load_secret
from training_manager_ros.orchestrator.settings import Settings, load_settings
from training_manager_ros.orchestrator.signing import UrlSigner
from training_manager_ros.orchestrator.skill_store import SkillStore
from training_manager_ros.orchestrator.staging import Stager
from training_manager_ros.orchestrator.tokens import Tokens

__all__ = ["DataFolder", "Services", "build"]


class DataFolder:
    """The server's folder on disk, mode 0700; `lock` keeps a second server out."""

    def __init__(self, path: Path) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise InvalidInput(
                f"The data can't be kept in {path} ({error.strerror}): name a folder in which this"
                " user may write."
            ) from error
        self.path = path.resolve()
        self._lock: int | None = None

    @property
    def identity(self) -> str:
        """Tells this server's jobs and processes from another one's."""
        return derive(self.secret(), "identity").hex()[:12]

    def secret(self) -> bytes:
        """What all signing keys come from."""
        return load_secret(self.path / "secret")

    def lock(self) -> None:
        """Take it for this process. Raises `Conflict` if another server has it."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise Conflict(
                f"Another training server already uses {self.path}: end it, or take another folder."
            ) from None
        self._lock = descriptor

    def release(self) -> None:
        """Let another server have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def settings(self) -> Settings:
        """What server.toml says."""
        return load_settings(self.path / "server.toml")

    def database(self) -> Database:
        """Open, or make, the database."""
        os.close(os.open(self.path / "server.sqlite", os.O_RDWR | os.O_CREAT, 0o600))
        return Database(self.path / "server.sqlite")


@dataclass(frozen=True)
class Services:
    """What the HTTP handlers call."""

    database: Database
    accounts: Accounts
    skills: SkillStore
    runs: RunStore
    objects: ObjectStore
    presets: Presets
    tokens: Tokens
    signer: UrlSigner
    conductor: Conductor
    engine: Engine
    folders: RunFolders
    settings: Settings
    clock: Clock
    open_owner: str | None  # the owner of every call, where nobody has to sign in

    def close(self) -> None:
        """Write what is still to be written."""
        self.engine.close()
        self.database.close()


def build(
    folder: DataFolder,
    settings: Settings,
    engine: Callable[[], Engine],
    clock: Clock,
    authenticated: bool = True,
) -> Services:
    """Open everything below `folder`, which must be locked."""
    database = folder.database()
    secret = folder.secret()
    signer = UrlSigner(derive(secret, "urls"), settings.url_lifetime, clock)
    accounts = Accounts(database, clock)
    runs = RunStore(database, clock)
    presets = Presets(folder.path / "presets", settings.default_preset)
    presets.preset(presets.default)  # a server without it would refuse runs later
    objects = _objects(folder.path, settings, database, signer, clock)
    folders = RunFolders(folder.path / "runs", folder.identity)
    folders.root.mkdir(exist_ok=True)
    repositories = Repositories(
        settings.local_repositories, settings.git_hosts, __version__, folders.staging_marker
    )
    stager = Stager(objects, repositories)
    started = engine()
    return Services(
        database=database,
        accounts=accounts,
        skills=SkillStore(database, clock),
        runs=runs,
        objects=objects,
        presets=presets,
        tokens=Tokens(derive(secret, "tokens"), settings.token_lifetime, clock),
        signer=signer,
        conductor=Conductor(runs, objects, presets, stager, started, folders, settings, clock),
        engine=started,
        folders=folders,
        settings=settings,
        clock=clock,
        open_owner=None if authenticated else accounts.owner("local"),
    )


def _objects(
    path: Path, settings: Settings, database: Database, signer: UrlSigner, clock: Clock
) -> ObjectStore:
    if settings.s3.bucket:
        from training_manager_ros.orchestrator.objects.s3 import S3Objects

        return S3Objects(settings.s3, settings.url_lifetime)
    return LocalObjects(path / "objects", database, signer, clock)
