"""Each way a run can go wrong ends in the right state, with a message that a person understands."""

from __future__ import annotations

import json
import os
import time

import httpx
import pytest


@pytest.fixture
def skill(owner):
    return owner.skill({"data/dataset_metadata.json": b"{}"})


def message(owner, skill, run):
    ended = owner.ended(skill, run)
    assert ended["status"] == "done"
    assert ended["finished_at"]
    assert not owner.server.processes(run)
    work = owner.server.folder / "runs" / str(run) / "work"
    deadline = time.monotonic() + 10
    while work.exists():
        assert time.monotonic() < deadline, "its folder is not removed"
        time.sleep(0.02)
    assert owner.http.get(f"/storage/list/{skill}/{run}").status_code == 200
    return ended["error_message"]


def test_it_exits_with_an_error(owner, skill):
    run = owner.shell(skill, "echo loading; printf '10%%\\r20%%\\n'; echo KeyError: qpos; exit 3")
    text = message(owner, skill, run)
    assert text == (
        "The training program failed with exit code 3.\nThe end of its log:\n"
        "loading\n20%\nKeyError: qpos"
    )


@pytest.mark.parametrize(
    ("script", "lacks"),
    [
        ("echo no GPU, doing nothing", "no checkpoint (*_step_*.pth)"),
        ("echo s > $OUTPUT_DIR/dataset_stats.pt", "no checkpoint (*_step_*.pth)"),
        ("echo c > $OUTPUT_DIR/policy_step_10.pth", "no statistics (*stats*.pt)"),
        ("echo c > $OUTPUT_DIR/policy_last.pth; echo s > $OUTPUT_DIR/stats.pt", "no checkpoint"),
    ],
)
def test_it_exits_well_but_leaves_no_checkpoint(owner, skill, script, lacks):
    text = message(owner, skill, owner.shell(skill, f"echo last line; {script}"))
    assert lacks in text
    assert "last line" in text


def test_it_forks_children_that_ignore_sigterm_and_is_cancelled(owner, skill):
    script = (
        "trap '' TERM HUP INT; "
        "(trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' &) ; "
        "nohup sleep 1000 >/dev/null 2>&1 & "
        "(setsid setsid sleep 1001 &) ; echo ready; while :; do sleep 1; done"
    )
    run = owner.shell(skill, script)
    owner.running(skill, run, "ready")
    assert len(owner.server.processes(run)) >= 4
    began = time.monotonic()
    assert owner.cancel(skill, run).json()["daemon_state"] == "cancelling"
    assert message(owner, skill, run) == "Cancelled."
    assert time.monotonic() - began < 5


def test_it_exits_badly_at_the_moment_it_is_cancelled(owner, skill):
    script = "echo ready; while [ ! -e $OUTPUT_DIR/../../stop ]; do :; done; exit 9"
    run = owner.shell(skill, script)
    owner.running(skill, run, "ready")
    owner.cancel(skill, run)
    assert message(owner, skill, run) == "Cancelled."


def test_it_leaves_children_behind_when_it_exits(owner, skill, checkpoint):
    run = owner.shell(skill, f"(setsid sleep 1000 &); sleep 1001 & {checkpoint}")
    assert message(owner, skill, run) is None


def test_it_forks_without_end_and_is_cancelled(owner, skill):
    script = "fork() { sleep 0.05; fork & fork; }; echo ready; (setsid sh -c 'sleep 999' &); "
    script += "while :; do (sleep 0.2 &) ; sleep 0.01; done"
    run = owner.shell(skill, script)
    owner.running(skill, run, "ready")
    owner.cancel(skill, run)
    assert message(owner, skill, run) == "Cancelled."


def test_it_fills_its_disk_quota(owner, skill):
    run = owner.shell(skill, "cat /dev/zero | head -c 100000000 > $OUTPUT_DIR/x; sleep 100")
    text = message(owner, skill, run)
    assert "wrote more to the disk than the server allows" in text


def test_it_prints_100_megabytes(owner, skill, checkpoint):
    script = f"echo first; head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last; {checkpoint}"
    run = owner.shell(skill, script)
    assert message(owner, skill, run) is None
    log = httpx.get(owner.files(skill, run)["training.log"]).text
    assert "first\nxxx" in log
    assert log.endswith("x\nlast\n")
    assert "bytes were left out" in log
    assert len(log) < 10_000_000


def test_it_prints_what_is_no_text(owner, skill):
    run = owner.shell(skill, "head -c 3000 /dev/urandom; exit 1")
    assert "exit code 1" in message(owner, skill, run)
    assert owner.http.get(f"/skills/{skill}/runs/{run}/log").status_code == 200


def test_it_outlives_its_deadline(owner, skill):
    script = "echo c > $OUTPUT_DIR/p_step_5.pth; trap '' TERM; echo on; sleep 60 & sleep 60"
    run = owner.shell(skill, script, hours=2 / 3600)
    text = message(owner, skill, run)
    assert text.startswith("Stopped after 0.000556 hours, as far as its hours and budget went.")
    assert "p_step_5.pth" in owner.files(skill, run)  # what it saved is kept
    assert "will be stopped in" in owner.log(skill, run)


def test_the_budget_ends_before_the_hours(make_server):
    server = make_server()
    server.write_settings("[prices]\nH100 = 3600.0\n")
    gpu = server.folder.parent / "bin" / "nvidia-smi"
    gpu.parent.mkdir()
    gpu.write_text("#!/bin/sh\necho 0, NVIDIA H100 80GB HBM3\necho 1, NVIDIA H100 80GB HBM3\n")
    gpu.chmod(0o755)
    server.env["PATH"] = f"{gpu.parent}:{os.environ['PATH']}"
    server.env.pop("CUDA_VISIBLE_DEVICES", None)
    owner = server.start().owner("me")
    skill = owner.skill({"data/x": b"x"})
    script = "echo gpus=$CUDA_VISIBLE_DEVICES; sleep 60"
    wanted = {"gpu_type": "H100", "min_gpus": 1, "max_gpus": 4, "budget": 4.0}
    run = owner.shell(skill, script, **wanted)  # 2 GPUs at 1 USD a second each
    ended = owner.ended(skill, run)
    assert ended["error_message"].startswith("Stopped after 0.000556 hours")
    assert ended["instance_type"].startswith("2 x NVIDIA H100 80GB HBM3")
    assert "gpus=0,1" in owner.log(skill, run)


def test_it_needs_a_gpu_that_is_not_there(owner, skill):
    run = owner.run(skill, gpu_type="H100", min_gpus=4, max_gpus=4)
    text = message(owner, skill, run)
    assert text.startswith("The run needs 4 x H100; this machine has 0 of that type")
    assert "min_gpus" in text


def test_its_command_is_not_there(owner, skill):
    for command in (["/training/project/nothing.sh"], ["no-such-program"]):
        text = message(owner, skill, owner.run(skill, command=command))
        assert "can't be started: No such file" in text
        assert command[0].rpartition("/")[2] in text


def test_its_command_is_no_program(owner, skill):
    text = message(owner, skill, owner.run(skill, command=["/training/project/train.py"]))
    assert "can't be started: Permission denied" in text


def test_its_repo_is_not_there(owner, skill, server):
    folder = server.folder.parent / "repositories"
    folder.mkdir(exist_ok=True)
    for repo in (f"{folder}/nothing", "http://127.0.0.1:9/x.git"):
        text = message(owner, skill, owner.run(skill, repo=repo))
        assert text.startswith(f"The repo {repo} can't be cloned:"), text
        assert "Check its name" in text


def test_its_ref_is_not_there(owner, skill, make_repository):
    repository = make_repository("plain", {"x": "x"})
    for ref in ("nothing", "0" * 40, "deadbeef"):
        text = message(owner, skill, owner.run(skill, repo=str(repository), ref=ref))
        assert text == f"The repo {repository} has no branch, tag or commit {ref!r}."


def test_its_repo_is_a_path_that_is_not_allowed(owner, skill, server, tmp_path):
    (server.folder.parent / "repositories").mkdir(exist_ok=True)
    link = server.folder.parent / "repositories" / "out"
    link.symlink_to(tmp_path)
    for repo in (str(tmp_path), "/etc", str(link)):
        text = message(owner, skill, owner.run(skill, repo=repo))
        assert "does not allow" in text
        assert "local_repositories" in text


def test_nothing_was_uploaded(owner):
    skill = owner.skill()
    assert "No data has been uploaded" in message(owner, skill, owner.run(skill))


def test_a_file_and_a_folder_of_one_name(owner):
    skill = owner.skill({"data": b"file", "data/x": b"x"})
    assert "both as a file and as a folder" in message(owner, skill, owner.run(skill))


def test_links_in_its_results_lead_nowhere(owner, skill, checkpoint):
    script = f"ln -s /etc/passwd $OUTPUT_DIR/x_step_1.pth; ln -s / $OUTPUT_DIR/root; {checkpoint}"
    run = owner.shell(skill, script)
    assert message(owner, skill, run) is None
    assert sorted(owner.files(skill, run)) == [
        "data_stats.pt", "policy_step_7.pth", "training.log",
    ]  # fmt: skip


def test_it_is_killed_for_lack_of_memory(owner, skill):
    text = message(owner, skill, owner.shell(skill, "echo big; kill -9 $$"))
    assert "SIGKILL, often because the machine ran out of memory" in text


def test_its_supervisor_is_killed(owner, skill):
    run = owner.shell(skill, "(setsid sleep 1000 &); echo ready; sleep 1000")
    owner.running(skill, run, "ready")
    kill_supervisor(owner.server.folder / "runs" / str(run))
    text = message(owner, skill, run)
    assert text.startswith("The run was lost: its supervisor ended before it did")


def kill_supervisor(folder):
    os.kill(json.loads((folder / "status.json").read_text())["pid"], 9)


def test_its_supervisor_cannot_be_stopped_by_the_runs_own_kill(owner, skill, checkpoint):
    """A script that ends its own process group does not end what watches it."""
    run = owner.shell(skill, f"{checkpoint}; echo bye; kill -9 0")
    assert "SIGKILL" in message(owner, skill, run)
