"""Long work: queued, run in processes of its own, seen by everybody, cancelled, resumed.

Knows nothing of ROS or HTTP. A kind of work is a `JobKind`; the engine runs it.
"""

from training_manager_ros.jobs.control import Control
from training_manager_ros.jobs.engine import JobEngine
from training_manager_ros.jobs.kind import JobKind, Locks
from training_manager_ros.jobs.locks import SkillLocks
from training_manager_ros.jobs.model import Job, JobState, Progress

__all__ = [
    "Control",
    "Job",
    "JobEngine",
    "JobKind",
    "JobState",
    "Locks",
    "Progress",
    "SkillLocks",
]
