"""State files: replaced as a whole, whoever else writes them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from training_manager_ros.training.statefile import read_state, write_state

WRITERS = 4


def test_many_write_a_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    begin = threading.Barrier(WRITERS)

    def write(writer: int) -> None:
        begin.wait(20)
        for _ in range(20):
            write_state(path, {"writers": [writer] * 500})

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))  # raises what one of them raised
    assert read_state(path)["writers"] in [[writer] * 500 for writer in range(WRITERS)]
    assert list(tmp_path.iterdir()) == [path]
