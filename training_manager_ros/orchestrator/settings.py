"""What the server's owner decides: `server.toml` in the data folder. Every key has a default."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from training_manager_ros.errors import InvalidInput

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["RaySettings", "S3Settings", "Settings", "load_settings", "read_toml"]


@dataclass(frozen=True)
class S3Settings:
    """An S3-compatible bucket; credentials come from boto3's own places, never from here."""

    bucket: str = ""  # empty: objects are kept in the data folder
    prefix: str = ""
    endpoint_url: str = ""  # empty: Amazon's own
    region: str = "us-east-1"


@dataclass(frozen=True)
class RaySettings:
    """A Ray cluster that mounts the server's data folder under the same path."""

    address: str = "http://127.0.0.1:8265"  # the dashboard, which serves the Jobs API
    token_file: str = ""  # empty: RAY_AUTH_TOKEN_PATH, RAY_AUTH_TOKEN or ~/.ray/auth_token
    python: str = "python3"  # the interpreter of the supervisor on the cluster's nodes


@dataclass(frozen=True)
class Settings:
    """All settings; `load_settings` reads them."""

    public_url: str = ""  # as clients see the server, behind a proxy; empty: as they asked
    default_preset: str = "act-default"  # of a run that names none; clients offer it first
    approval: str = "automatic"  # or "manual": a run waits until its owner approves it
    url_lifetime: float = 3600.0  # s that a signed URL is good for
    token_lifetime: float = 3600.0  # s that a signed-in client stays so
    local_repositories: tuple[str, ...] = ()  # folders below which a run's repo may be a path
    git_hosts: tuple[str, ...] = ()  # hosts that repos may come from; empty: any
    disk_quota_gb: float = 200.0  # that a run may write
    log_limit_mb: float = 64.0  # of a run's log, the start and the end are kept
    stop_grace: float = 2.0  # s between SIGTERM and SIGKILL
    stop_runs: bool = False  # runs end when the server is told to end, instead of going on
    prices: Mapping[str, float] = field(default_factory=dict)  # USD per GPU and hour by gpu_type
    s3: S3Settings = S3Settings()
    ray: RaySettings = RaySettings()

    def price(self, gpu_type: str) -> float:
        """USD for one GPU of that type and hour; 0 where it is not known."""
        prices = {name.lower(): price for name, price in self.prices.items()}
        return prices.get(gpu_type.lower(), 0.0)


def load_settings(path: Path) -> Settings:
    """The settings in `path`, or the defaults where there is no such file.

    Raises `InvalidInput` for a file that is no TOML, an unknown key or a value of the wrong kind.
    """
    if not path.exists():
        return Settings()
    value = read_toml(path)
    settings: Settings = _fill(Settings, value, path.name)
    if settings.approval not in ("automatic", "manual"):
        raise InvalidInput(f'{path.name}: approval must be "automatic" or "manual".')
    return settings


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables. Raises `InvalidInput` with the file's name and the place."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is no valid TOML: {error}") from error


def _fill(kind: type[Any], values: Mapping[str, Any], where: str) -> Any:
    known = {f.name: f for f in fields(kind)}
    result: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise InvalidInput(f"{where}: there is no setting {key!r}.", {key: "unknown"})
        result[key] = _convert(key, value, getattr(kind(), key), where)
    return kind(**result)


def _convert(key: str, value: Any, default: Any, where: str) -> Any:
    if isinstance(default, (S3Settings, RaySettings)) and isinstance(value, dict):
        return _fill(type(default), value, f"{where} [{key}]")
    if isinstance(default, bool) and isinstance(value, bool):
        return value
    if _is_number(default) and _is_number(value) and value > 0:
        return float(value)
    if isinstance(default, str) and isinstance(value, str):
        return value
    if isinstance(default, tuple) and _all(value, list, str):
        return tuple(value)
    if isinstance(default, Mapping) and isinstance(value, dict):
        prices = list(value.values())
        if _all(prices, list, (int, float)) and all(price >= 0 for price in prices):
            return {name: float(item) for name, item in value.items()}
    raise InvalidInput(f"{where}: {key} = {value!r} is not of the right kind.", {key: "wrong kind"})


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _all(value: Any, kind: type[Any], item_kind: type[Any] | tuple[type[Any], ...]) -> bool:
    return isinstance(value, kind) and all(isinstance(item, item_kind) for item in value)
