"""Kinds of job for the tests; the worker processes import them by name."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from training_manager_ros.errors import InvalidInput
from training_manager_ros.jobs import Control, JobKind, Locks


class Steps(JobKind):
    """Writes a line a step to `<skill>.txt`, and what is asked for happens at a step."""

    pausable = True

    def locks(self, arguments: Mapping[str, Any]) -> Locks:
        if "skill" not in arguments:
            raise InvalidInput("Name a skill.", {"skill": "missing"})
        return Locks(reads=tuple(arguments.get("reads", ())), writes=(arguments["skill"],))

    def run(self, arguments: Mapping[str, Any], control: Control) -> Mapping[str, Any]:
        path = self.skills_dir / f"{arguments['skill']}.txt"
        steps = arguments.get("steps", 3)
        control.stage("stepping", items=steps)
        try:
            for step in range(steps):
                with path.open("a") as file:
                    file.write(f"{os.getpid()} {step}\n")
                if step == arguments.get("fail_at"):
                    raise InvalidInput("This step can't be done.")
                if step == arguments.get("break_at"):
                    raise RuntimeError("a defect")
                if step == arguments.get("die_at") and not path.with_suffix(".died").exists():
                    path.with_suffix(".died").touch()
                    os.kill(os.getpid(), signal.SIGKILL)
                while (self.skills_dir / "hold").exists() and arguments.get("holds"):
                    control.check()
                    time.sleep(0.01)
                control.advance(items=1)
        except BaseException:
            if arguments.get("cleans"):
                path.unlink()
            raise
        return {"path": path.name}

    def clean(self, arguments: Mapping[str, Any]) -> None:
        (self.skills_dir / f"{arguments['skill']}.txt").unlink(missing_ok=True)


class Hasty(Steps):
    pausable = False
