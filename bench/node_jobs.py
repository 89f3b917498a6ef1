"""What jobs cost those who ask the node meanwhile: python bench/node_jobs.py.

Over ROS, on sample skills: how fast `~/get_skill` answers while nothing happens, while jobs check,
delete and merge one after the other, and while goals of actions wait by the dozen; how many
messages on `~/jobs` that makes; and how soon a job's end is known after it ended.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from node import cpu_seconds, spin, until  # noqa: E402

ENDED = {"done", "failed", "cancelled", "interrupted"}
LIMITS = {
    "get_skill p95, jobs run (ms)": 20.0,
    "get_skill p95, 30 goals wait (ms)": 20.0,
    "~/jobs (messages/s)": 5.0,
    "~/jobs, latest news of an end (s)": 0.5,
}


def main() -> int:
    os.environ["ROS_DOMAIN_ID"] = str(random.SystemRandom().randrange(1, 101))
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        figures = measure(Path(folder) / "skills")
    for name, value in figures.items():
        limit = LIMITS.get(name)
        print(f"{name:40} {value:8.2f}" + (f"   limit {limit:g}" if limit else ""))
    return int(any(figures[name] > limit for name, limit in LIMITS.items()))


def measure(skills: Path) -> dict[str, float]:
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node

    from training_manager_ros.samples import make_samples

    make_samples(skills)
    rclpy.init()
    asker = Asker(Node("bench"))
    executor = SingleThreadedExecutor()
    executor.add_node(asker.node)
    threading.Thread(target=spin, args=(executor,), daemon=True).start()
    command = [sys.executable, "-m", "training_manager_ros.node"]
    process = subprocess.Popen(
        [*command, "--ros-args", "-p", f"skills_dir:={skills}"], stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: asker.lists and not asker.lists[-1][1].problem)
        return asker.figures(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        rclpy.shutdown()


class Asker:
    """A node that starts jobs and goals, and asks meanwhile."""

    def __init__(self, node: Any) -> None:
        from rclpy.action import ActionClient
        from rclpy.qos import DurabilityPolicy, QoSProfile

        from training_manager.action import DeleteEpisodes
        from training_manager.msg import JobList
        from training_manager.srv import CancelJob, GetSkill, StartJob

        self.node = node
        self.lists: list[tuple[float, JobList]] = []
        node.create_subscription(
            JobList,
            "/training_manager/jobs",
            lambda message: self.lists.append((time.time(), message)),
            QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
        )
        self._get = GetSkill, node.create_client(GetSkill, "/training_manager/get_skill")
        self._start = StartJob, node.create_client(StartJob, "/training_manager/start_job")
        self._cancel = CancelJob, node.create_client(CancelJob, "/training_manager/cancel_job")
        self._goal = DeleteEpisodes
        self._action = ActionClient(node, DeleteEpisodes, "/training_manager/delete_episodes")

    def figures(self, pid: int) -> dict[str, float]:
        for _, client in (self._get, self._start, self._cancel):
            client.wait_for_service()
        self._action.wait_for_server()
        figures = {"get_skill p95, nothing runs (ms)": self._p95(lambda: len(self._times) < 300)}
        skills = ("fold-towel", "pick-up-cup", "sort-fruit", "stack-blocks", "wipe-table")
        jobs = []
        for number, skill in enumerate(skills):
            jobs.append(self._begin("check_dataset", skill=skill))
            name = f"Without {number}"
            jobs.append(self._begin("delete_episodes", skill=skill, episodes=[0], name=name))
        sources = [{"skill": "fold-towel"}, {"skill": "fold-towel", "episodes": [1]}]
        jobs.append(self._begin("merge_datasets", name="Both", sources=sources))
        before, began, used = len(self.lists), time.monotonic(), cpu_seconds(pid)
        figures["get_skill p95, jobs run (ms)"] = self._p95(lambda: not self._all_ended(jobs))
        seconds = time.monotonic() - began
        figures["jobs"] = len(jobs)
        figures["jobs take (s)"] = seconds
        figures["the node meanwhile (% of a core)"] = (cpu_seconds(pid) - used) / seconds * 100
        figures["~/jobs (messages/s)"] = (len(self.lists) - before - 1) / seconds
        figures["~/jobs, latest news of an end (s)"] = max(self._news(job) for job in jobs)
        figures["get_skill p95, 30 goals wait (ms)"] = self._beside_goals()
        failed = [job for job in self.lists[-1][1].jobs if job.state == "failed"]
        assert not failed, failed
        return figures

    def _beside_goals(self) -> float:
        holder = self._begin("check_dataset", skill="sort-fruit")
        taken = []
        for number in range(30):
            goal = self._goal.Goal(skill="sort-fruit", episodes=[0], name=f"Goal {number}")
            taken.append(self._action.send_goal_async(goal))
            until(taken[-1].done)  # services of ROS keep but ten requests
        p95 = self._p95(lambda: len(self._times) < 300)
        for future in taken:
            future.result().cancel_goal_async()
        until(lambda: self._all_ended([holder]))
        until(lambda: all(job.state in ENDED for job in self.lists[-1][1].jobs))
        return p95

    def _p95(self, condition: Any) -> float:
        self._times: list[float] = []
        while condition():
            began = time.perf_counter()
            assert self._call(self._get, name="pick-up-cup").success
            self._times.append(time.perf_counter() - began)
            time.sleep(0.005)
        return statistics.quantiles(self._times, n=20)[-1] * 1e3

    def _begin(self, kind: str, **arguments: Any) -> str:
        answer = self._call(self._start, kind=kind, arguments_json=json.dumps(arguments))
        assert answer.success, answer.message
        return str(answer.job_id)

    def _call(self, service: Any, **fields: Any) -> Any:
        kind, client = service
        answered = threading.Event()
        future = client.call_async(kind.Request(**fields))
        future.add_done_callback(lambda _: answered.set())
        assert answered.wait(30)
        return future.result()

    def _all_ended(self, jobs: list[str]) -> bool:
        states = {job.id: job.state for job in self.lists[-1][1].jobs}
        return all(states.get(job) in ENDED for job in jobs)

    def _news(self, job_id: str) -> float:
        """Seconds from a job's end to the first message that shows it."""
        for came, message in self.lists:
            for job in message.jobs:
                if job.id == job_id and job.state in ENDED:
                    return came - (job.finished.sec + job.finished.nanosec / 1e9)
        raise AssertionError(job_id)


if __name__ == "__main__":
    sys.exit(main())
