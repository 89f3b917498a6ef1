"""Training servers for a node, and what a node tells of training."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node_client import Peer, until
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters

from training_manager.action import UploadSkill
from training_manager.msg import JobList, TrainingRun, TrainingRunList

sys.path.insert(0, str(Path(__file__).parents[1] / "training" / "support"))
from fault_server import FaultServer

RUNS = "/training_manager/runs"
SKILL = "fold-towel"
AS_PRESET = {"min_gpus": -1, "max_gpus": -1}
SMALL = json.dumps({"BATCH_SIZE": 2})


@dataclass
class Cloud:
    """A training server, and how a node signs in there."""

    url: str
    issuer: str
    key: str
    preset: str
    fault: FaultServer | None = None
    features: tuple[str, ...] = ()

    def finish(self, run: TrainingRun) -> None:
        """See to it that a run ends well."""
        if self.fault is None:
            return  # it trains by itself
        for name, data in (("policy_step_50.pth", b"weights"), ("dataset_stats.pt", b"stats")):
            self.fault.add_result(run.skill_id, run.run_id, name, data)
        self.fault.runs[run.skill_id, run.run_id] |= {"status": "done"}


class Watched:
    """`~/runs` and `~/jobs` of a node."""

    def __init__(self, peer: Peer) -> None:
        self.lists: list[TrainingRunList] = peer.listen(TrainingRunList, RUNS)
        self.jobs: list[JobList] = peer.listen(JobList, "/training_manager/jobs", depth=10)

    def until(self, wanted: Callable[[TrainingRunList], Any], what: str = "runs") -> Any:
        try:
            return until(lambda: self.lists and wanted(self.lists[-1]))
        except AssertionError:
            raise AssertionError(f"{what} did not come: {self.lists[-1:]}") from None

    def run(self, run_id: int, **wanted: Any) -> TrainingRun:
        """The run as soon as it is like that."""

        def found(lists: TrainingRunList) -> TrainingRun | None:
            for run in lists.runs:
                if run.run_id == run_id and all(getattr(run, k) == v for k, v in wanted.items()):
                    return run
            return None

        run: TrainingRun = self.until(found, f"run {run_id} {wanted}")
        return run


def ok(answer: Any) -> Any:
    assert answer.success, answer.message
    return answer


def metadata(skills: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((skills / SKILL / "metadata.json").read_text())
    return value


def upload(peer: Peer, **options: Any) -> Any:
    _, result = peer.send_goal(UploadSkill, "upload_skill", skill=SKILL, **options).result()
    assert result.success, result.message
    return result


def set_parameter(peer: Peer, name: str, value: bool | float) -> bool:
    if isinstance(value, bool):
        held = ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value)
    else:
        held = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
    answer = peer.call(
        SetParameters, "set_parameters", parameters=[Parameter(name=name, value=held)]
    )
    successful: bool = answer.results[0].successful
    return successful
