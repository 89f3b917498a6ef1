from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from training_manager_ros.errors import InvalidInput, Unreadable
from training_manager_ros.orchestrator.secret import derive, load_secret
from training_manager_ros.orchestrator.settings import (
    RaySettings,
    S3Settings,
    Settings,
    load_settings,
)


def read(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "server.toml").write_text(text)
    return load_settings(tmp_path / "server.toml")


def test_without_a_file_they_are_the_defaults(tmp_path):
    assert load_settings(tmp_path / "server.toml") == Settings() == read(tmp_path, "")


def test_what_is_set_is_taken(tmp_path):
    settings = read(
        tmp_path,
        'approval = "manual"\nstop_runs = true\nurl_lifetime = 60\nlocal_repositories = ["/srv"]\n'
        '[prices]\nH100 = 2\n[s3]\nbucket = "b"\n[ray]\naddress = "http://h:1"\n',
    )
    assert settings == Settings(
        approval="manual",
        stop_runs=True,
        url_lifetime=60.0,
        local_repositories=("/srv",),
        prices={"H100": 2.0},
        s3=S3Settings(bucket="b"),
        ray=RaySettings(address="http://h:1"),
    )


@pytest.mark.parametrize(
    "text",
    ["unknown = 1", 'approval = "maybe"', "url_lifetime = 0", 'url_lifetime = "1"', "s3 = 1",
     "local_repositories = [1]", 'local_repositories = "x"', "[prices]\nH100 = -1", "[s3]\nx = 1",
     "approval = 1", "stop_runs = 1", "stop_grace = true", "no toml"],
)  # fmt: skip
def test_a_mistake_is_told_with_the_files_name(tmp_path, text):
    with pytest.raises(InvalidInput, match=r"server\.toml"):
        read(tmp_path, text)


def test_every_setting_stands_in_the_docs():
    docs = (Path(__file__).parents[2] / "docs" / "orchestrator.md").read_text()
    for kind in (Settings, S3Settings, RaySettings):
        for field in fields(kind):
            assert f"`{field.name}`" in docs or f"`[{field.name}]`" in docs, field.name


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "secret"
    first = load_secret(path)
    assert load_secret(path) == first
    assert len(first) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]
    assert derive(first, "a") != derive(first, "b") != first
    path.write_bytes(b"short")
    with pytest.raises(Unreadable):
        load_secret(path)


def test_a_price_is_found_however_its_gpu_is_written() -> None:
    settings = Settings(prices={"H100": 2.5})
    assert (settings.price("h100"), settings.price("A100"), settings.price("")) == (2.5, 0.0, 0.0)
