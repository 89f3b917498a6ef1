from __future__ import annotations

import subprocess

import httpx
import pytest

from training_manager_ros.errors import Conflict, InvalidInput
from training_manager_ros.orchestrator.own_server import prepare_own_server


def test_it_is_set_up_before_it_runs(tmp_path):
    own = prepare_own_server(tmp_path / "data")
    assert own.client_file.stat().st_mode & 0o777 == 0o600
    process = subprocess.Popen(own.command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"training server on {own.client.server_url}\n"
        headers = {"Authorization": f"Bearer {own.client.service_key}"}
        presets = httpx.get(f"{own.client.server_url}/presets", headers=headers).json()
        assert [preset["name"] for preset in presets] == ["smoke", "act-default"]
        with pytest.raises(Conflict, match="already uses"):
            prepare_own_server(tmp_path / "data")
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()
    assert prepare_own_server(tmp_path / "data") == own  # the same address and key


def test_what_its_owner_set_stays(tmp_path):
    (tmp_path / "server.toml").write_text('default_preset = "act-default"\n')
    prepare_own_server(tmp_path)
    assert (tmp_path / "server.toml").read_text() == 'default_preset = "act-default"\n'
    (tmp_path / "server.toml").write_text("nonsense = 1\n")
    with pytest.raises(InvalidInput, match="nonsense"):
        prepare_own_server(tmp_path)


def test_runs_end_with_a_server_that_is_set_so(make_server):
    server = make_server()
    server.write_settings("stop_runs = true\nstop_grace = 0.3\n")
    owner = server.start().owner("me")
    skill = owner.skill({"data/x": b"x"})
    run = owner.shell(skill, "trap '' TERM; (setsid sleep 999 &); echo up; sleep 1000")
    waits = owner.shell(skill, "true")
    owner.running(skill, run, "up")
    assert server.stop() == 0
    assert not server.processes(run)
    server.start()
    ended = owner.ended(skill, run)
    assert ended["error_message"] == "Stopped, because the training server was ended."
    assert "left no checkpoint" in owner.ended(skill, waits)["error_message"]  # it had its turn


def test_a_default_preset_that_is_not_there(make_server):
    server = make_server()
    server.write_settings('default_preset = "nothing"\n')
    answer = server.command("--port", "0")
    assert answer.returncode == 1
    assert "There is no preset 'nothing'; there are act-default, smoke." in answer.stderr
