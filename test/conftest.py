"""Fixtures that every area shares: sample skills, real recordings, and sibling modules."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `import strategies` and the like
from domains import take_domain

_ROOT = Path(__file__).parent.parent

# A shell's background job ignores Ctrl-C, and so would the processes that tests end with it.
signal.signal(signal.SIGINT, signal.default_int_handler)


_POLICY = os.sched_getscheduler(0), os.sched_getparam(0)


@pytest.fixture(autouse=True)
def own_priority() -> Iterator[None]:
    """Undo what encoding AV1 does for root: it makes this thread, and so all processes that later
    tests start, real-time ones; two of them that wait for each other stop the machine."""
    yield
    os.sched_setscheduler(0, *_POLICY)


@pytest.fixture(scope="session")
def sample_skills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A skills folder with a sample of every format; for reading only."""
    from training_manager_ros.samples import make_samples  # heavy, and few tests need it

    root = tmp_path_factory.mktemp("samples") / "skills"
    make_samples(root)
    return root


@pytest.fixture
def copy_sample(sample_skills: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Gives a sample skill, by its folder's name, as a copy of the test's own."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(sample_skills / name, tmp_path / "skills" / name))

    return copy


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real recordings; skips where it is not there."""
    named = os.environ.get("TRAINING_MANAGER_REAL_DATA")
    folder = Path(named) if named else _ROOT.parent / "shared" / "data"
    if not (folder / "make_skills.py").is_file():
        pytest.skip("no real recordings here; name them in TRAINING_MANAGER_REAL_DATA")
    return folder


@pytest.fixture(scope="session")
def real_skills(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A skills folder made of the real recordings; for reading only."""
    root = tmp_path_factory.mktemp("real") / "skills"
    command = [sys.executable, str(real_data / "make_skills.py"), str(root), "--raw-frames", "30"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return root


@pytest.fixture(scope="session")
def domain() -> Iterator[int]:
    """A ROS domain of this machine alone, for this process and its children."""
    number = take_domain()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_DOMAIN_ID", str(number))
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        if os.environ.get("ROS_DISTRO") == "humble":
            patch.setenv("ROS_LOCALHOST_ONLY", "1")
        yield number
