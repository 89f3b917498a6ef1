"""What a robot pays for the node, and for everything: python bench/node.py [--skills 1000].

Makes skills as bench/catalog.py does, then measures from outside, over ROS: how long after its
start the node's `~/skills` reaches a subscriber, with and without the cache; how fast services
answer, and how long a page takes of episodes that were never opened; how soon a change on disk is
seen; and of `training-manager ui` as a whole, processor time and memory while nothing happens.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

PYTHON = (sys.executable, "-m")
LIMITS = {
    "skills after start, no cache (s)": 2.0,
    "skills after start, cached (s)": 0.5,
    "service p95 (ms)": 20.0,
    "slowest notice of a change (s)": 1.0,
    "idle, all processes (% of a core)": 1.0,
    "memory, all processes (MB, shared parts once)": 250.0,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skills", type=int, default=1000)
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--idle", type=float, default=30.0, help="seconds to watch idle processes")
    args = parser.parse_args()
    os.environ["ROS_DOMAIN_ID"] = str(random.SystemRandom().randrange(1, 101))
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ["XDG_CACHE_HOME"] = str(root / "cache")
        os.environ["XDG_STATE_HOME"] = str(root / "state")
        skills = root / "skills"
        make_skills(skills, args.skills, args.episodes)
        measure_node(skills, root / "cache", figures)
        measure_everything(skills, args.idle, figures)
    for name, value in figures.items():
        limit = LIMITS.get(name)
        against = f"   limit {limit:g}" if limit else ""
        print(f"{name:50} {value:10.2f}{against}")
    return int(any(figures[name] > limit for name, limit in LIMITS.items()))


def make_skills(skills: Path, count: int, episodes: int) -> None:
    from catalog import make_skill

    for number in range(count):
        name = f"skill-{number:04}"
        make_skill(skills / name, name, episodes, converted=number % 2 == 1)


def measure_node(skills: Path, cache: Path, figures: dict[str, float]) -> None:
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node
    from rclpy.qos import DurabilityPolicy, QoSProfile

    from training_manager.msg import SkillList
    from training_manager.srv import GetSkill, ListEpisodes

    rclpy.init()
    peer = Node("bench")
    arrivals: list[tuple[float, SkillList]] = []
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    peer.create_subscription(
        SkillList,
        "/training_manager/skills",
        lambda message: arrivals.append((time.perf_counter(), message)),
        latched,
    )
    executor = SingleThreadedExecutor()
    executor.add_node(peer)
    threading.Thread(target=spin, args=(executor,), daemon=True).start()
    count = len(list(skills.glob("*/metadata.json")))  # the node keeps a hidden folder there

    def start() -> tuple[subprocess.Popen[bytes], float]:
        del arrivals[:]
        began = time.perf_counter()
        process = subprocess.Popen(
            [*PYTHON, "training_manager_ros.node", "--ros-args", "-p", f"skills_dir:={skills}"],
            stderr=subprocess.DEVNULL,
        )
        until(lambda: arrivals and len(arrivals[-1][1].skills) == count)
        return process, arrivals[-1][0] - began

    def end(process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGINT)
        process.wait()

    cold, warm = [], []
    for _ in range(3):
        shutil.rmtree(cache, ignore_errors=True)
        for taken in (cold, warm):
            process, seconds = start()
            taken.append(seconds)
            time.sleep(1.0)  # the cache is written after the list is out
            end(process)
    figures["skills after start, no cache (s)"] = statistics.median(cold)
    figures["skills after start, cached (s)"] = statistics.median(warm)

    process, _ = start()
    clients = {
        kind: peer.create_client(kind, f"/training_manager/{name}")
        for kind, name in ((GetSkill, "get_skill"), (ListEpisodes, "list_episodes"))
    }
    for client in clients.values():
        client.wait_for_service()

    def ask(kind: Any, request: Any) -> float:
        answered = threading.Event()
        began = time.perf_counter()
        future = clients[kind].call_async(request)
        future.add_done_callback(lambda _: answered.set())
        answered.wait()
        assert future.result().success, future.result().message
        return time.perf_counter() - began

    chosen = [f"skill-{random.randrange(count):04}" for _ in range(200)]
    first = [ask(ListEpisodes, ListEpisodes.Request(skill=name, limit=50)) for name in set(chosen)]
    times = []
    for name in chosen:
        times.append(ask(GetSkill, GetSkill.Request(name=name)))
        times.append(ask(ListEpisodes, ListEpisodes.Request(skill=name, limit=50)))
    figures["50 episodes never opened, median (ms)"] = statistics.median(first) * 1e3
    figures["service median (ms)"] = statistics.median(times) * 1e3
    figures["service p95 (ms)"] = statistics.quantiles(times, n=20)[-1] * 1e3
    notices = []
    for number in range(20):
        path = skills / f"skill-{number * 7:04}" / "metadata.json"
        text = path.read_text().replace('"guidelines": "', f'"guidelines": "{number} ')
        before = len(arrivals)
        began = time.perf_counter()
        path.write_text(text)
        until(lambda before=before: len(arrivals) > before)
        notices.append(arrivals[-1][0] - began)
        time.sleep(0.2)
    figures["slowest notice of a change (s)"] = max(notices)
    end(process)
    rclpy.shutdown()


def measure_everything(skills: Path, seconds: float, figures: dict[str, float]) -> None:
    process = subprocess.Popen(
        [*PYTHON, "training_manager_ros", "ui", "--port", "0", "--skills-dir", str(skills)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(15.0)  # start, first list, caches
    pids = [process.pid, *descendants(process.pid)]
    before = sum(map(cpu_seconds, pids))
    time.sleep(seconds)
    figures["idle, all processes (% of a core)"] = (
        (sum(map(cpu_seconds, pids)) - before) / seconds * 100
    )
    figures["memory, all processes (MB, shared parts once)"] = sum(map(memory, pids)) / 1e6
    figures["processes"] = len(pids)
    process.send_signal(signal.SIGINT)
    process.wait()


def spin(executor: Any) -> None:
    from rclpy.executors import ExternalShutdownException

    with contextlib.suppress(ExternalShutdownException):
        executor.spin()


def descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            yield child
            yield from descendants(child)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Proportional set size in bytes: what is shared between processes counts once in all."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no Pss")


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.001)


if __name__ == "__main__":
    sys.exit(main())
