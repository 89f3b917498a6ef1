"""Where server, issuer and key come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from training_manager_ros.errors import InvalidInput
from training_manager_ros.training.settings import (
    DEFAULT_ISSUER,
    DEFAULT_SERVER,
    Settings,
    load_settings,
)


def private(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_defaults() -> None:
    assert load_settings(environ={}) == Settings(DEFAULT_SERVER, DEFAULT_ISSUER, "")


def test_flag_before_environment_before_file(tmp_path: Path) -> None:
    file = private(
        tmp_path / "settings",
        "# a comment\nTRAINING_SERVER_URL=https://file\nexport INNATE_SERVICE_KEY='file-key'\n"
        "INNATE_AUTH_ISSUER_URL=https://file-auth/\n",
    )
    environ = {"TRAINING_SERVER_URL": "https://env:8443", "INNATE_AUTH_URL": "https://env-auth"}
    assert load_settings(environ={}, file=file) == Settings(
        "https://file", "https://file-auth", "file-key"
    )
    loaded = load_settings(environ=environ, file=file)
    assert loaded == Settings("https://env:8443", "https://env-auth", "file-key")
    assert loaded.server_name == "env:8443"
    loaded = load_settings("http://flag", "flag-key", "", environ=environ, file=file)
    assert loaded == Settings("http://flag", "", "flag-key")


def test_the_newer_name_of_the_issuer_counts_first() -> None:
    environ = {"INNATE_AUTH_URL": "https://old", "INNATE_AUTH_ISSUER_URL": "https://new"}
    assert load_settings(environ=environ).issuer_url == "https://new"


def test_an_empty_issuer_means_that_the_key_is_the_token() -> None:
    assert load_settings(environ={"INNATE_AUTH_ISSUER_URL": ""}).issuer_url == ""
    assert load_settings(environ={"TRAINING_SERVER_URL": ""}).server_url == DEFAULT_SERVER


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = private(tmp_path / "settings", "INNATE_SERVICE_KEY=key", mode)
    with pytest.raises(InvalidInput, match="chmod 600"):
        load_settings(environ={}, file=file)


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert load_settings(environ={}, file=tmp_path / "none").server_url == DEFAULT_SERVER


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_bytes(b"\xff\xfe")
    file.chmod(0o600)
    with pytest.raises(InvalidInput, match="can't be read"):
        load_settings(environ={}, file=file)


@pytest.mark.parametrize(
    "address",
    [
        "training.example",
        "ftp://host",
        "http://",
        "http://user:password@host",
        "http://host?key=1",
        "http://host#x",
        "http://host:notaport",
        "http://host:99999",
        "http://ho st",
        "http://host\n",
        "//host",
        "http://[",
    ],
)
def test_addresses_that_are_none(address: str) -> None:
    for name in ("server", "issuer"):
        with pytest.raises(InvalidInput) as error:
            load_settings(**{name: address + "/x" if address.endswith("\n") else address})
        assert list(error.value.fields) == [name]


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "nul\0", "\x7f"])
def test_a_key_that_can_not_be_one_is_not_quoted(key: str) -> None:
    with pytest.raises(InvalidInput) as error:
        load_settings(token=key)
    assert key not in str(error.value)


def test_the_key_is_in_no_repr() -> None:
    settings = load_settings(token="secret-key", environ={})
    assert settings.service_key == "secret-key"
    assert "secret-key" not in repr(settings)
    assert "secret-key" not in f"{settings} {[settings]}"
