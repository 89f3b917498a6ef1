"""kill -9 of the server at random moments, while it takes uploads and carries out runs.

TRAINING_MANAGER_KILLS says how often (the default keeps the suite fast).
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time

import httpx
import pytest

KILLS = int(os.environ.get("TRAINING_MANAGER_KILLS", "6"))
SEED = int(os.environ.get("TRAINING_MANAGER_SEED", "1"))


class Uploader(threading.Thread):
    """Uploads files under a few names again and again; remembers what was acknowledged."""

    def __init__(self, owner, skill, number):
        super().__init__()
        self.owner, self.skill = owner, skill
        self.random = random.Random(number)
        self.names = [f"data/{number}/{i}" for i in range(4)]
        self.sent = {name: {} for name in self.names}  # hash by order of sending
        self.acknowledged = dict.fromkeys(self.names, 0)  # the last one known to be kept
        self.halt = threading.Event()

    def run(self):
        http, order = httpx.Client(timeout=10), 0
        while not self.halt.is_set():
            name = self.random.choice(self.names)
            order += 1
            data = self.random.randbytes(self.random.choice([0, 1000, 300_000, 2_000_000]))
            self.sent[name][order] = hashlib.md5(data).hexdigest()
            try:
                url = self.owner.urls(self.skill, name)["upload_urls"][name]
                if http.put(url, content=data).status_code == 201:
                    self.acknowledged[name] = order
            except httpx.HTTPError:
                time.sleep(0.05)

    def check(self, listed):
        """Each name holds the last acknowledged content or a later one, never less, never torn."""
        for name, last in self.acknowledged.items():
            if last == 0:
                continue
            body = httpx.get(listed["files"][name]).content
            digest = hashlib.md5(body).hexdigest()
            assert digest == listed["objects"][name]["md5"]
            orders = [o for o, h in self.sent[name].items() if h == digest]
            assert orders, f"{name} holds what was never sent"
            assert max(orders) >= last, f"{name} lost what was acknowledged"


class Runner(threading.Thread):
    """Asks for runs of all kinds; remembers how each must end."""

    def __init__(self, owner, skill, tally, checkpoint):
        super().__init__()
        self.owner, self.skill, self.tally = owner, skill, tally
        self.kinds = {
            "good": (f"sleep 0.3; {checkpoint}", None),
            "bad": ("sleep 0.1; exit 3", "exit code 3"),
            "cancelled": ("trap '' TERM; (setsid sleep 1000 &); sleep 1000", "Cancelled."),
        }
        self.random = random.Random(SEED)
        self.expected = {}
        self.halt = threading.Event()

    def run(self):
        while not self.halt.is_set():
            kind = self.random.choice(list(self.kinds))
            script, _ = self.kinds[kind]
            try:
                if len(self.owner.http.get("/runs?active=true").json()) > 2:
                    time.sleep(0.1)  # they are carried out one by one: no long queue at the end
                    continue
                run = self.owner.shell(
                    self.skill, f"echo $TRAINING_MANAGER_RUN >> {self.tally}; {script}"
                )
                self.expected[run] = kind
                time.sleep(self.random.uniform(0, 0.6))
                if kind == "cancelled":
                    self.cancel(run)
            except httpx.HTTPError:
                time.sleep(0.05)
            time.sleep(self.random.uniform(0, 0.4))

    def cancel(self, run):
        while True:
            try:
                self.owner.cancel(self.skill, run)
                return
            except httpx.HTTPError:
                time.sleep(0.05)


@pytest.mark.timeout(200 + 10 * KILLS)
def test_killed_at_random_moments(make_server, tmp_path, checkpoint, wait_for):
    server = make_server()
    server.write_settings("stop_grace = 0.2\n")
    owner = server.start().owner("me")
    skill = owner.skill({"data/first": b"x"})
    data = owner.skill()
    tally = tmp_path / "tally"
    uploaders = [Uploader(owner, data, number) for number in range(3)]
    runner = Runner(owner, skill, tally, checkpoint)
    for thread in (*uploaders, runner):
        thread.start()
    chance = random.Random(SEED)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0, 1.2))
        server.kill9()
        time.sleep(chance.uniform(0, 0.3))
        server.start()
    for thread in (*uploaders, runner):
        thread.halt.set()
        thread.join(30)
        assert not thread.is_alive()

    wait_for(lambda: owner.http.get("/runs?active=true").json() == [], 180, "all runs to end")
    listed = owner.http.get(f"/storage/list/{data}").json()
    for uploader in uploaders:
        uploader.check(listed)
    assert sum(len(u.sent[n]) for u in uploaders for n in u.names) > 3 * KILLS
    assert runner.expected
    starts = [line.rpartition("/")[2] for line in tally.read_text().split()]
    for run, kind in runner.expected.items():
        ended = owner.get(skill, run)
        wanted = runner.kinds[kind][1]
        message = ended["error_message"]
        assert ended["status"] == "done"
        assert message is None if wanted is None else wanted in message, (kind, ended)
        assert starts.count(str(run)) == (
            0 if kind == "cancelled" and str(run) not in starts else 1
        )
        assert not server.processes(run)
        if kind == "good":
            assert "policy_step_7.pth" in owner.files(skill, run)
    assert not list((server.folder / "objects" / "incoming").iterdir())
    wait_for(lambda: not list((server.folder / "runs").glob("*/work")), 10, "folders to be removed")


def test_a_run_goes_on_while_the_server_is_down(make_server, checkpoint, wait_for):
    server = make_server()
    owner = server.start().owner("me")
    skill = owner.skill({"data/x": b"x"})
    progress = "echo @@INNATE_PROGRESS step={0} total=2"
    gate = server.folder.parent / "gate"
    run = owner.shell(
        skill,
        f"{progress.format(1)}; while [ ! -e {gate} ]; do sleep 0.05; done;"
        f"{progress.format(2)}; {checkpoint}",
    )
    owner.running(skill, run, "step=1")
    server.kill9()
    gate.touch()
    wait_for(lambda: not server.processes(run), 20, "the run to end without the server")
    server.start()
    ended = owner.ended(skill, run)
    assert ended["error_message"] is None
    assert (ended["progress"]["step"], ended["progress"]["total"]) == (2, 2)
    assert owner.log(skill, run).count("@@INNATE") == 2


def test_a_graceful_stop_leaves_runs_alone(make_server, checkpoint, wait_for):
    server = make_server()
    owner = server.start().owner("me")
    skill = owner.skill({"data/x": b"x"})
    gate = server.folder.parent / "gate"
    run = owner.shell(skill, f"echo up; while [ ! -e {gate} ]; do sleep 0.05; done; {checkpoint}")
    owner.running(skill, run, "up")
    assert server.stop() == 0
    assert server.processes(run)
    server.start()
    assert owner.get(skill, run)["status"] == "running"
    gate.touch()
    assert owner.ended(skill, run)["error_message"] is None


def test_a_second_server_on_the_same_folder_is_refused(make_server):
    server = make_server().start()
    second = server.command("--port", "0")
    assert second.returncode != 0
    assert "Another training server already uses" in second.stderr


@pytest.mark.parametrize("port", ["65536", "-1"])
def test_a_port_that_is_none_is_refused(make_server, port):
    refused = make_server().command("--port", port)
    assert refused.returncode != 0
    assert f"{port} is no port" in refused.stderr


def test_a_data_folder_that_can_not_be_one_is_refused(make_server, tmp_path):
    (tmp_path / "file").write_text("")
    refused = make_server("file").command("--port", "0")
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr
    assert str(tmp_path / "file") in refused.stderr


def test_a_port_that_is_taken_is_said_to_be(make_server):
    server = make_server().start()
    other = make_server("other").command("--port", server.base.rpartition(":")[2])
    assert other.returncode != 0
    assert "Can't listen" in other.stderr
