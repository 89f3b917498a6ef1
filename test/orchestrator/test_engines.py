"""One suite over every engine: the same runs, the same results.

Ray is an extra: its part runs where a `ray` program is found; TRAINING_MANAGER_RAY names another.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

TOKEN = "t" * 40


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ray_program() -> str | None:
    beside = Path(sys.executable).with_name("ray")
    named = os.environ.get("TRAINING_MANAGER_RAY")
    return named or (str(beside) if beside.exists() else shutil.which("ray"))


@pytest.fixture(scope="module")
def ray_cluster(tmp_path_factory):
    """A head node with two GPUs that it only believes to have."""
    program = ray_program()
    if program is None:
        pytest.skip("ray is not installed (pip install 'ray[default]')")
    port, dashboard = free_port(), free_port()
    folder = Path("/tmp") / f"tm-ray-{port}"  # Ray's sockets need a short path
    env = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    env["RAY_USAGE_STATS_ENABLED"] = "0"
    output = tmp_path_factory.mktemp("ray") / "ray.txt"
    command = [program, "start", "--head", "--block", f"--port={port}", f"--temp-dir={folder}"]
    command += ["--num-cpus=8", "--num-gpus=2", "--node-ip-address=127.0.0.1"]
    command += ['--resources={"accelerator_type:H100": 1}', "--dashboard-host=127.0.0.1"]
    command += [f"--dashboard-port={dashboard}", "--dashboard-agent-listen-port=0"]
    with output.open("w") as file:
        process = subprocess.Popen(
            command, env=env, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    address = f"http://127.0.0.1:{dashboard}"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    deadline = time.monotonic() + 180
    while True:
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        try:
            answer = httpx.get(f"{address}/api/cluster_status", headers=headers, timeout=10)
            if answer.json()["data"]["clusterStatus"]["loadMetricsReport"]["nodeTypes"]:
                break
        except (httpx.HTTPError, KeyError, TypeError, ValueError):
            time.sleep(1)
    yield address
    process.terminate()  # it ends what it started itself, and may take a moment for it
    deadline = time.monotonic() + 20
    while process.poll() is None or in_session(process.pid):
        if time.monotonic() > deadline:
            for pid in in_session(process.pid):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


def in_session(session: int) -> list[int]:
    """What runs of the cluster that this test started: its names change, its session does not."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if not entry.name.isdigit() or os.getsid(int(entry.name)) != session:
                continue
            if "State:\tZ" not in (entry / "status").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture(scope="module", params=["local", "ray"])
def engine_server(request, tmp_path_factory, new_server):
    server = new_server(tmp_path_factory.mktemp(request.param) / "data", "--engine", request.param)
    settings = "stop_grace = 0.5\ndisk_quota_gb = 0.05\nlog_limit_mb = 8\n"
    if request.param == "ray":
        address = request.getfixturevalue("ray_cluster")
        server.env["RAY_AUTH_TOKEN"] = TOKEN
        settings += f'[ray]\naddress = "{address}"\npython = "{sys.executable}"\n'
    server.write_settings(settings)
    yield server.start()
    assert server.stop() == 0, server.log()


@pytest.fixture
def me(engine_server):
    return engine_server.owner("me")


@pytest.fixture
def skill(me):
    return me.skill({"data/dataset_metadata.json": b"{}"})


PATIENCE = 120  # s; a job needs some seconds to start on Ray

RUNS = {
    "success": ("echo hello $N; {checkpoint}", {"env": {"N": "5"}}, None),
    "failure": ("echo bad; exit 3", {}, "failed with exit code 3.\nThe end of its log:\nbad"),
    "no checkpoint": ("true", {}, "left no checkpoint"),
    "killed": ("kill -9 $$", {}, "SIGKILL"),
    "quota": ("head -c 99000000 /dev/zero > $OUTPUT_DIR/x; sleep 99", {}, "wrote more"),
    "deadline": ("trap '' TERM; sleep 99 & sleep 99", {"hours": 2 / 3600}, "Stopped after"),
    "leaves children": ("(setsid sleep 999 &) ; {checkpoint}", {}, None),
    "prints much": ("head -c 20000000 /dev/zero | tr '\\0' x; {checkpoint}", {}, None),
    "no GPU to be seen": ("echo [$CUDA_VISIBLE_DEVICES]; {checkpoint}", {}, None),
    "absent GPU": ("true", {"gpu_type": "Z9", "min_gpus": 1, "max_gpus": 1}, "needs 1 x Z9"),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", RUNS)
def test_each_kind_of_end(me, skill, checkpoint, kind):
    script, params, message = RUNS[kind]
    run = me.shell(skill, script.replace("{checkpoint}", checkpoint), **params)
    ended = me.ended(skill, run, PATIENCE)
    assert ended["status"] == "done"
    assert ended["daemon_state"] == ""
    if message is None:
        assert ended["error_message"] is None
        assert "policy_step_7.pth" in me.files(skill, run)
    else:
        assert message in ended["error_message"]
    assert not me.server.processes(run)
    if kind == "success":
        assert "hello 5\n" in me.log(skill, run)
    if kind == "no GPU to be seen":
        assert "\n[]\n" in me.log(skill, run)


@pytest.mark.timeout(300)
def test_its_command_is_not_there(me, skill):
    run = me.run(skill, command=["no-such-program"])
    assert "no-such-program can't be started" in me.ended(skill, run, PATIENCE)["error_message"]


@pytest.mark.timeout(300)
def test_cancel_ends_grandchildren_within_five_seconds(me, skill):
    script = "trap '' TERM; (setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' &) ; echo on;"
    run = me.shell(skill, script + "while :; do sleep 1; done")
    me.running(skill, run, "\non\n", PATIENCE)
    assert len(me.server.processes(run)) >= 3
    began = time.monotonic()
    me.cancel(skill, run)
    assert me.ended(skill, run)["error_message"] == "Cancelled."
    assert time.monotonic() - began < 5
    assert not me.server.processes(run)


@pytest.mark.timeout(300)
def test_a_run_survives_the_server(me, skill, checkpoint, engine_server, tmp_path):
    gate = tmp_path / "gate"
    run = me.shell(skill, f"echo up; while [ ! -e {gate} ]; do sleep 0.05; done; {checkpoint}")
    me.running(skill, run, "\nup\n", PATIENCE)
    engine_server.kill9()
    engine_server.start()
    assert me.get(skill, run)["status"] == "running"
    gate.touch()
    assert me.ended(skill, run, PATIENCE)["error_message"] is None
    assert me.log(skill, run).count("\nup\n") == 1


@pytest.mark.timeout(300)
def test_its_supervisor_is_killed(me, skill, engine_server):
    run = me.shell(skill, "(setsid sleep 1000 &); echo ready; sleep 1000")
    me.running(skill, run, "ready", PATIENCE)
    status = (engine_server.folder / "runs" / str(run) / "status.json").read_text()
    os.kill(int(status.partition('"pid": ')[2].partition(",")[0]), signal.SIGKILL)
    message = me.ended(skill, run, PATIENCE)["error_message"]
    assert message.startswith("The run was lost: its supervisor ended before it did")
    assert not me.server.processes(run)


@pytest.mark.timeout(300)
def test_ray_hands_out_gpus(me, skill, checkpoint, engine_server):
    if "ray" not in engine_server.options:
        pytest.skip("of Ray alone; the local engine's GPUs are tested in test_failures")
    wanted = {"gpu_type": "H100", "min_gpus": 1, "max_gpus": 8}
    run = me.shell(skill, f"echo gpus=$CUDA_VISIBLE_DEVICES; {checkpoint}", **wanted)
    ended = me.ended(skill, run, PATIENCE)
    assert ended["error_message"] is None
    assert ended["instance_type"] == "Ray, 2 x H100"
    assert "gpus=0,1\n" in me.log(skill, run)


@pytest.mark.timeout(300)
def test_ray_cancels_what_still_waits(me, skill, engine_server):
    if "ray" not in engine_server.options:
        pytest.skip("of Ray alone; the local engine's queue is tested in test_runs")
    gpus = {"gpu_type": "H100", "min_gpus": 2, "max_gpus": 2}
    first = me.shell(skill, "echo up; sleep 1000", **gpus)
    me.running(skill, first, "\nup\n", PATIENCE)
    second = me.shell(skill, "echo up; sleep 1000", **gpus)
    me.running(skill, second)
    time.sleep(2)
    assert "waiting for the Ray cluster" in me.get(skill, second)["daemon_state"]
    for run in (second, first):
        me.cancel(skill, run)
        assert me.ended(skill, run, PATIENCE)["error_message"] == "Cancelled."


def test_ray_needs_a_token(make_server, tmp_path):
    server = make_server("data", env={"HOME": str(tmp_path)})
    answer = server.command("--engine", "ray", "--port", "0")
    assert answer.returncode != 0
    assert "RAY_AUTH_TOKEN" in answer.stderr
