"""The GPUs of this machine, as nvidia-smi lists them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Gpu", "fitting", "list_gpus"]


@dataclass(frozen=True)
class Gpu:
    """One GPU; `index` is what CUDA_VISIBLE_DEVICES takes."""

    index: str
    name: str


def list_gpus() -> list[Gpu]:
    """All that the server itself may use; none where there is no nvidia-smi or driver."""
    command = ["nvidia-smi", "--query-gpu=index,name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    if answer.returncode:
        return []
    lines = [line.partition(",") for line in answer.stdout.splitlines() if "," in line]
    gpus = [Gpu(index.strip(), name.strip()) for index, _, name in lines]
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    return gpus if allowed is None else [gpu for gpu in gpus if gpu.index in allowed.split(",")]


def fitting(gpus: Sequence[Gpu], wanted: str) -> list[Gpu]:
    """Those of a type: "H100" fits "NVIDIA H100 80GB HBM3"; "" fits all."""
    words = re.findall(r"[a-z0-9]+", wanted.lower())
    return [gpu for gpu in gpus if all(word in gpu.name.lower() for word in words)]
