"""How long it takes to refresh 500 runs of 100 skills: `python bench/runs.py`.

A server on loopback answers each request after 50 ms; one call tells the runs of one skill, or of
all where the server offers that. The ideal is eight calls in flight that never wait.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from upload import KEY, LATENCY, requests, serving

from training_manager_ros.training import RunMonitor, Settings, TrainingClient

SKILLS = 100
RUNS = 5


def main() -> None:
    for features in ("[]", '["runs"]'):
        with (
            serving(f"features={features}") as url,
            tempfile.TemporaryDirectory() as folder,
            TrainingClient(Settings(url, url + "/auth", KEY)) as client,
        ):
            ids = make_runs(client)
            monitor = RunMonitor(
                client, partial(dict, ids), Path(folder) / "runs.json", lambda state: None
            )
            before = requests(url, latency=LATENCY)
            started = time.monotonic()
            state = monitor.refresh()
            took = time.monotonic() - started
            asked = requests(url) - before
            assert len(state.newest()) == SKILLS * RUNS
            ideal = LATENCY * max(1, asked / 8)
            ratio = took / ideal
            print(f"extras {features:9} {took:5.2f} s  {asked:4} requests  {ratio:.2f} x ideal")


def make_runs(client: TrainingClient) -> dict[str, str]:
    ids = {}
    for number in range(SKILLS):
        skill = client.perform(lambda c, n=number: c.server.create_skill(f"skill {n}"))
        ids[skill.name] = skill.skill_id
    with ThreadPoolExecutor(8) as threads:
        for skill_id in ids.values():
            for _ in range(RUNS):
                threads.submit(client.create_run, skill_id, {"preset": "act-default"})
    return ids


if __name__ == "__main__":
    main()
