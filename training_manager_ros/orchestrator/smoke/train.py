"""The smoke trainer: walks the whole way on a laptop in seconds. It is NOT ACT.

It reads the uploaded episodes (Innate's HDF5 or LeRobot's parquet), computes statistics of them,
and fits a linear policy, joint positions to the next CHUNK_SIZE actions, by gradient descent with
numpy. Images are not used. No robot should be moved by what it makes.

Environment: DATA_DIR, OUTPUT_DIR, MAX_STEPS, BATCH_SIZE, LEARNING_RATE, CHUNK_SIZE.
Writes OUTPUT_DIR/smoke_policy_step_<N>.pth and OUTPUT_DIR/dataset_stats.pt. Both are numpy .npz
archives under the usual names (torch can't load them; numpy.load can), each with a `format` entry
that says so.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
FORMAT = "training_manager smoke trainer, numpy .npz; not ACT, not for a robot"
CHECKPOINTS = 5
VALIDATION_EVERY = 10  # every tenth row is not trained on


@dataclass(frozen=True)
class Options:
    """The run's numbers."""

    max_steps: int
    batch_size: int
    learning_rate: float
    chunk_size: int

    @classmethod
    def from_environment(cls) -> Options:
        """As the server sets them."""
        return cls(
            max_steps=int(os.environ.get("MAX_STEPS", "5000")),
            batch_size=int(os.environ.get("BATCH_SIZE", "96")),
            learning_rate=float(os.environ.get("LEARNING_RATE", "0.05")),
            chunk_size=int(os.environ.get("CHUNK_SIZE", "30")),
        )


@dataclass(frozen=True)
class Episode:
    """Rows of one episode: state (T, J) and action (T, D)."""

    state: Array
    action: Array


def load(folder: Path) -> list[Episode]:
    """All readable episodes below the data folder; what can't be read is said and left out."""
    episodes = []
    for path in sorted(folder.rglob("*.h5")) + sorted(folder.rglob("*.parquet")):
        if "raw_data" in path.parts or "meta" in path.parts:
            continue
        try:
            found = list(_hdf5(path) if path.suffix == ".h5" else _parquet(path))
        except (OSError, KeyError, ValueError) as error:
            print(f"left out: {path.relative_to(folder)}: {error}")
            continue
        episodes += [e for e in found if len(e.action) > 1 and np.isfinite(e.action).all()]
    widths = [(e.state.shape[1], e.action.shape[1]) for e in episodes]
    usual = max(set(widths), key=widths.count) if widths else (0, 0)
    return [e for e, width in zip(episodes, widths, strict=True) if width == usual]


def _hdf5(path: Path) -> Iterator[Episode]:
    import h5py

    with h5py.File(path, "r") as file:
        action = np.asarray(file["action"][:], dtype=np.float64)
        qpos = file.get("observations/qpos")
        state = action if qpos is None else np.asarray(qpos[:], dtype=np.float64)
        rows = min(len(state), len(action))
        yield Episode(np.nan_to_num(state[:rows]), action[:rows])


def _parquet(path: Path) -> Iterator[Episode]:
    import pyarrow.parquet as pq

    names = pq.read_schema(path).names
    if "action" not in names:
        return
    state_name = "observation.state" if "observation.state" in names else "action"
    columns = [c for c in ("action", state_name, "episode_index") if c in names]
    table = pq.read_table(path, columns=sorted(set(columns)))
    action = np.array(table["action"].to_pylist(), dtype=np.float64)
    state = np.array(table[state_name].to_pylist(), dtype=np.float64)
    index = np.zeros(len(action))
    if "episode_index" in names:
        index = np.array(table["episode_index"].to_pylist(), dtype=np.float64)
    for number in np.unique(index):
        yield Episode(np.nan_to_num(state[index == number]), action[index == number])


def statistics(episodes: list[Episode]) -> dict[str, Array]:
    """Mean and standard deviation of states and actions over all rows."""
    states = np.concatenate([e.state for e in episodes])
    actions = np.concatenate([e.action for e in episodes])
    return {
        "qpos_mean": states.mean(0),
        "qpos_std": np.maximum(states.std(0), 1e-2),
        "action_mean": actions.mean(0),
        "action_std": np.maximum(actions.std(0), 1e-2),
    }


def examples(episodes: list[Episode], stats: dict[str, Array], chunk: int) -> tuple[Array, Array]:
    """Inputs (N, J + 1) with a constant, and targets (N, chunk, D); the last action is repeated."""
    inputs, targets = [], []
    for episode in episodes:
        state = (episode.state - stats["qpos_mean"]) / stats["qpos_std"]
        action = (episode.action - stats["action_mean"]) / stats["action_std"]
        rows = np.minimum(np.arange(len(action))[:, None] + np.arange(chunk), len(action) - 1)
        inputs.append(np.column_stack([state, np.ones(len(state))]))
        targets.append(action[rows])
    return np.concatenate(inputs), np.concatenate(targets)


def save(path: Path, arrays: dict[str, Array]) -> None:
    """Write beside, then rename: a checkpoint is whole or not there."""
    buffer = io.BytesIO()
    np.savez(buffer, format=np.array(FORMAT), **arrays)  # type: ignore[arg-type]
    beside = path.with_name(f".{path.name}")
    beside.write_bytes(buffer.getvalue())
    beside.rename(path)


def train(inputs: Array, targets: Array, options: Options) -> Iterator[tuple[int, float, Array]]:
    """(step, loss, weights) after each step."""
    random = np.random.default_rng(0)
    flat = targets.reshape(len(targets), -1)
    weights = np.zeros((inputs.shape[1], flat.shape[1]))
    speed = np.zeros_like(weights)
    for step in range(1, options.max_steps + 1):
        rows = random.integers(len(inputs), size=options.batch_size)
        error = inputs[rows] @ weights - flat[rows]
        speed = 0.9 * speed + inputs[rows].T @ error / options.batch_size
        weights = weights - options.learning_rate * (1 - step / (options.max_steps + 1)) * speed
        yield step, float(np.mean(error**2)), weights


def main() -> int:
    """Train on DATA_DIR, write to OUTPUT_DIR; 1 with a sentence where that is not possible."""
    print("smoke trainer: a linear policy without images. This is not ACT.")
    options = Options.from_environment()
    out = Path(os.environ["OUTPUT_DIR"])
    episodes = load(Path(os.environ["DATA_DIR"]))
    rows = sum(len(e.action) for e in episodes)
    if not episodes:
        print("There is no readable episode in the uploaded data.")
        return 1
    print(f"{len(episodes)} episodes, {rows} rows, {json.dumps(options.__dict__)}")
    stats = statistics(episodes)
    save(out / "dataset_stats.pt", stats)
    inputs, targets = examples(episodes, stats, options.chunk_size)
    held_out = np.arange(len(inputs)) % VALIDATION_EVERY == 0
    held = inputs[held_out], targets[held_out].reshape(int(held_out.sum()), -1)
    print_every = max(1, options.max_steps // 200)
    save_every = max(1, options.max_steps // CHECKPOINTS)
    began = time.monotonic()
    for step, loss, weights in train(inputs[~held_out], targets[~held_out], options):
        last = step == options.max_steps
        if step % print_every == 0 or last:
            rate = step / max(1e-9, time.monotonic() - began)
            bar = f"{100 * step // options.max_steps:3d}%| {step}/{options.max_steps}"
            progress = f"@@INNATE_PROGRESS step={step} total={options.max_steps}"
            print(f"\r{bar} [{rate:.0f}it/s, loss={loss:.5f}] {progress}", end="", flush=True)
        if step % save_every == 0 or last:
            error = float(np.mean((held[0] @ weights - held[1]) ** 2))
            print(f"\nValidation at step {step}: Loss={error:.5f}", flush=True)
            shape = np.array([options.chunk_size, targets.shape[2]], dtype=np.float64)
            save(out / f"smoke_policy_step_{step}.pth", {"weights": weights, "shape": shape})
    print(f"done in {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
