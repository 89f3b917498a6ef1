from __future__ import annotations

import functools
import subprocess
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest


def test_a_run_from_making_to_downloading(owner, checkpoint):
    skill = owner.skill({"data/dataset_metadata.json": b"{}", "data/episode_0.h5": b"x"})
    made = owner.http.post(
        f"/skills/{skill}/runs",
        json={
            "training_params": {
                "preset": "smoke",
                "source_dir": "/home/robot/skills/pick",
                "command": ["sh", "-c", checkpoint],
            }
        },
    )
    assert made.status_code == 201
    assert len(made.json().pop("agent_secret")) > 20
    run = owner.ended(skill, made.json()["run_id"])
    assert "agent_secret" not in run
    assert (run["status"], run["error_message"], run["daemon_state"]) == ("done", None, "")
    assert run["training_params"]["source_dir"] == "/home/robot/skills/pick"
    times = [run[f"{name}_at"] for name in ("created", "approved", "started", "finished")]
    assert times == sorted(times)
    assert all(time.endswith("Z") for time in times)
    files = owner.files(skill, run["run_id"])
    assert sorted(files) == ["data_stats.pt", "policy_step_7.pth", "training.log"]
    assert httpx.get(files["policy_step_7.pth"]).content == b"c"
    address = f"/skills/{skill}/runs/{run['run_id']}"
    for wrong in ({"status": "done"}, {"status": "running"}, {}, {"status": None}):
        assert owner.http.put(address, json=wrong).status_code == 400
    for _ in range(2):
        done = owner.http.put(address, json={"status": "downloaded"})
        assert done.json()["status"] == "downloaded"
    assert owner.cancel(skill, run["run_id"]).status_code == 409


def test_the_run_finds_its_data_and_what_it_was_asked_for(owner, checkpoint):
    skill = owner.skill({"notes.txt": b"n", "data/episode_0.h5": b"episode"})
    script = (
        "cat $DATA_DIR/data/episode_0.h5 /training/data/notes.txt; pwd; echo $MINE-$MAX_STEPS;"
        "echo gpus=[$CUDA_VISIBLE_DEVICES] wandb=$WANDB_MODE buffered=$PYTHONUNBUFFERED;"
        f"echo secrets=[$SECRET_OF_THE_SERVER]; {checkpoint}"
    )
    run = owner.shell(skill, script, env={"MINE": "/training/out/x", "MAX_STEPS": "12"})
    assert owner.ended(skill, run)["error_message"] is None
    log = owner.log(skill, run)
    work = owner.server.folder.resolve() / "runs" / str(run) / "work"
    assert f"episoden{work}/project\n{work}/out/x-12\n" in log
    assert "gpus=[] wandb=offline buffered=1\nsecrets=[]" in log
    assert not work.exists()


def test_the_servers_own_environment_is_kept_from_runs(make_server, checkpoint):
    server = make_server(env={"INNATE_SERVICE_KEY": "top-secret", "AWS_SECRET_ACCESS_KEY": "top"})
    owner = server.start().owner("me")
    skill = owner.skill({"data/x": b"x"})
    run = owner.shell(skill, f"env; {checkpoint}")
    owner.ended(skill, run)
    assert "PATH=" in owner.log(skill, run)
    assert "top" not in owner.log(skill, run)


def test_progress_and_metrics_are_kept(owner, checkpoint):
    skill = owner.skill({"data/x": b"x"})
    script = (
        r"printf '\r| 1/4 [0<1, loss=2.5] @@INNATE_PROGRESS step=1 total=4';"
        r"printf '\r| 2/4 [0<1, loss=nan]\nValidation at step 2: Loss=0.5\n';"
        r"sleep 1000"
    )
    run = owner.shell(skill, script)
    owner.running(skill, run, "Validation")
    deadline = time.monotonic() + 20
    while (owner.get(skill, run)["progress"] or {}).get("step") != 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    progress = owner.get(skill, run)["progress"]
    assert (progress["step"], progress["total"]) == (2, 4)
    assert progress["seconds_left"] >= 0
    metrics = owner.http.get(f"/skills/{skill}/runs/{run}/metrics").json()["metrics"]
    assert metrics == {"loss": [[1, 2.5], [2, None]], "validation_loss": [[2, 0.5]]}
    after = owner.http.get(f"/skills/{skill}/runs/{run}/metrics?after=1").json()["metrics"]
    assert after == {"loss": [[2, None]], "validation_loss": [[2, 0.5]]}
    assert owner.cancel(skill, run).json()["cancel_requested"]
    ended = owner.ended(skill, run)
    assert ended["error_message"] == "Cancelled."
    assert ended["progress"]["seconds_left"] is None


def test_a_log_is_read_in_pieces_and_followed(owner, checkpoint):
    skill = owner.skill({"data/x": b"x"})
    run = owner.shell(skill, f"for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done; {checkpoint}")
    owner.running(skill, run)
    address = f"/skills/{skill}/runs/{run}/log"
    followed: list[bytes] = []

    def follow() -> None:
        with owner.http.stream("GET", address, params={"follow": "true"}) as answer:
            followed.extend(answer.iter_bytes())

    thread = threading.Thread(target=follow)
    thread.start()
    owner.ended(skill, run)
    thread.join(10)
    assert not thread.is_alive()
    whole, offset = b"", 0
    while True:
        piece = owner.http.get(address, params={"offset": offset, "limit": 7})
        assert int(piece.headers["X-Log-Start"]) == offset
        offset = int(piece.headers["X-Log-Next"])
        whole += piece.content
        if piece.headers["X-Log-Complete"] == "true":
            break
    assert whole == b"".join(followed)
    assert b"line 1\nline 2\nline 3\nline 4\nline 5\n" in whole
    assert len(followed) > 2
    tail = owner.http.get(address, params={"offset": -7})
    assert tail.content == whole[-7:]
    assert tail.headers["X-Log-Complete"] == "true"
    assert httpx.get(owner.files(skill, run)["training.log"]).content == whole
    assert owner.http.get(address, params={"offset": "x"}).status_code == 400


def test_runs_of_all_skills_in_one_call(owner, checkpoint):
    one, two = owner.skill({"data/x": b"x"}), owner.skill({"data/x": b"x"})
    runs = [
        owner.shell(one, checkpoint),
        owner.shell(two, checkpoint),
        owner.shell(two, "sleep 60"),
    ]
    for skill, run in zip((one, two), runs, strict=False):
        owner.ended(skill, run)
    listed = owner.http.get("/runs").json()
    assert [run["run_id"] for run in listed] == runs[::-1]
    active = owner.http.get("/runs?active=true").json()
    assert [run["run_id"] for run in active] == runs[2:]
    of_two = owner.http.get(f"/skills/{two}/runs").json()
    assert [run["run_id"] for run in of_two] == runs[:0:-1]
    assert owner.http.delete(f"/skills/{two}").status_code == 409
    owner.cancel(two, runs[2])
    owner.ended(two, runs[2])
    assert owner.http.delete(f"/skills/{two}").status_code == 204


def test_one_run_at_a_time_in_order(owner, checkpoint):
    skill = owner.skill({"data/x": b"x"})
    mark = owner.server.folder.parent / "order"
    runs = [
        owner.shell(
            skill, f"echo begin {i} >> {mark}; sleep 0.4; echo end {i} >> {mark}; {checkpoint}"
        )
        for i in range(3)
    ]
    waiting = owner.shell(skill, f"echo never >> {mark}")
    assert owner.cancel(skill, waiting).status_code == 200
    assert owner.ended(skill, waiting)["error_message"] == "Cancelled."
    for run in runs:
        assert owner.ended(skill, run)["error_message"] is None
    lines = [f"{word} {i}" for i in range(3) for word in ("begin", "end")]
    assert mark.read_text().splitlines() == lines


def test_wrong_parameters_are_refused_before_there_is_a_run(owner):
    skill = owner.skill({"data/x": b"x"})
    for params in ({"preset": "nothing"}, {"hours": -1}, "text", {"env": {"MAX_STEPS": "many"}}):
        answer = owner.http.post(f"/skills/{skill}/runs", json={"training_params": params})
        assert answer.status_code == 400
        assert answer.json()["detail"]
        assert answer.json()["fields"]
    assert owner.http.get(f"/skills/{skill}/runs").json() == []


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_what_would_make_lists_unreadable_is_refused(owner, number):
    skill = owner.skill()
    body = f'{{"training_params": {{"preset": "smoke", "seen": {number}}}}}'
    answer = owner.http.post(f"/skills/{skill}/runs", content=body)
    assert answer.status_code == 400
    assert "NaN" in answer.json()["detail"]
    assert owner.http.get(f"/skills/{skill}/runs").json() == []


def test_approval_by_a_person(make_server, checkpoint, wait_for):
    server = make_server()
    server.write_settings('approval = "manual"')
    owner = server.start().owner("me")
    assert "approve" in httpx.get(server.base).json()["features"]
    skill = owner.skill({"data/x": b"x"})
    one, two, three = (owner.shell(skill, checkpoint) for _ in range(3))
    time.sleep(1)
    assert owner.get(skill, one)["status"] == "waiting_for_approval"
    address = f"/skills/{skill}/runs"
    rejected = owner.http.post(f"{address}/{one}/reject", json={"reason": "too dear"}).json()
    assert (rejected["status"], rejected["error_message"]) == ("rejected", "too dear")
    assert owner.http.post(f"{address}/{one}/approve").status_code == 409
    assert owner.http.put(f"{address}/{one}", json={"status": "downloaded"}).status_code == 409
    assert owner.http.post(f"{address}/{two}/approve").json()["approved_at"]
    assert owner.ended(skill, two)["error_message"] is None
    owner.cancel(skill, three)
    assert owner.ended(skill, three)["error_message"] == "Cancelled."


IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.org")


def git(folder, *arguments):
    done = subprocess.run(
        ["git", "-C", str(folder), *IDENTITY, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(make_repository, checkpoint, request):
    name = request.node.name.replace("[", "-").replace("]", "").replace("/", "-")
    return make_repository(name, {"train.sh": f"#!/bin/sh\necho version one\n{checkpoint}\n"})


@pytest.mark.parametrize("form", ["", "main", "v1", "feature/x", "commit", "short"])
def test_forms_of_a_ref(owner, repository, form):
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "tag", "-a", "v1", "-m", "one")
    git(repository, "branch", "feature/x")
    skill = owner.skill({"data/x": b"x"})
    ref = {"commit": first, "short": first[:9]}.get(form, form)
    run = owner.run(skill, repo=str(repository), ref=ref, command=["/training/project/train.sh"])
    ended = owner.ended(skill, run)
    assert ended["error_message"] is None
    assert ended["commit"] == first
    assert "version one" in owner.log(skill, run)


def test_presets_are_shown(owner):
    presets = {p["name"]: p for p in owner.http.get("/presets").json()}
    act = presets["act-default"]
    assert act["hyperparameters"]["MAX_STEPS"]["default"] == "120000"
    assert act["architecture"]["vision_backbone"] == "resnet18"
    assert "Not ACT" in presets["smoke"]["description"]


@pytest.fixture
def git_url(repository, tmp_path):
    """The repository as a bare one on a host that serves files, as a simple git host does."""
    git(repository, "tag", "v1")
    git(repository, "checkout", "-q", "-b", "feature/x")
    (repository / "train.sh").write_text("#!/bin/sh\necho version two\nexit 7\n")
    git(repository, "commit", "-q", "-a", "-m", "two")
    bare = tmp_path / "host" / "lab" / "code.git"
    git(repository, "clone", "-q", "--bare", str(repository), str(bare))
    git(bare, "update-server-info")
    handler = functools.partial(QuietHandler, directory=str(tmp_path / "host"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{host.server_port}/lab/code.git"
        host.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_repository_by_its_url(owner, repository, git_url):
    skill = owner.skill({"data/x": b"x"})
    commits = {ref: git(repository, "rev-parse", ref) for ref in ("main", "v1", "feature/x")}
    commits[commits["feature/x"]] = commits["feature/x"]
    runs = {
        ref: owner.run(skill, repo=git_url, ref=ref, command=["/training/project/train.sh"])
        for ref in commits
    }
    for ref, run in runs.items():
        ended = owner.ended(skill, run)
        assert ended["commit"] == commits[ref]
        old = ref in ("main", "v1")
        assert f"version {'one' if old else 'two'}" in owner.log(skill, run)
        assert (ended["error_message"] is None) == old
    missing = owner.ended(skill, owner.run(skill, repo=git_url, ref="v2"))
    assert missing["error_message"] == f"The repo {git_url} has no branch, tag or commit 'v2'."
