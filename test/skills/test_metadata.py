from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from training_manager_ros.errors import NotFound, Unreadable
from training_manager_ros.skills import read_metadata

PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])


def test_text_value_and_revision(make_skill: Callable[..., Path]) -> None:
    folder = make_skill(text='{"name": "Tür", "b": 1, "a": 2}')
    metadata = read_metadata(folder)
    assert metadata.text == '{"name": "Tür", "b": 1, "a": 2}'
    assert metadata.value is not None
    assert list(metadata.value) == ["name", "b", "a"]
    assert metadata.problem == ""
    assert read_metadata(folder) == metadata
    (folder / "metadata.json").write_text(metadata.text + "\n")
    assert read_metadata(folder).revision != metadata.revision


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b'{"name": ', "is not valid JSON"),
        (b"[1]", "must hold a JSON object, not a list"),
        (b"null", "not null"),
        (b"true", "not true or false"),
        (b'\xef\xbb\xbf{"name": "a"}', "byte-order mark"),
        (b'{"name": "a", "name": "b"}', "twice"),
        (b'{"execution": {"duration": NaN}}', "NaN"),
        (b'{"a": 1,\n "name": "caf\xe9"}', r"is not UTF-8 text \(line 2\)"),
        ('{"name": "a"}'.encode("utf-16"), "is not UTF-8"),
        (b"\0" * 500, "is not valid JSON"),
        (b"[" * 5000, "."),
    ],
)
def test_a_broken_text_is_shown_with_its_problem(
    make_skill: Callable[..., Path], data: bytes, problem: str
) -> None:
    folder = make_skill()
    (folder / "metadata.json").write_bytes(data)
    metadata = read_metadata(folder)
    assert metadata.value is None
    assert re.search(problem, metadata.problem), metadata.problem
    assert metadata.problem.startswith("metadata.json ")
    assert metadata.problem.endswith("; correct it by hand.")
    metadata.text.encode()  # can be sent anywhere
    assert metadata.revision


def test_what_is_no_file_is_unreadable_and_never_waited_for(root: Path) -> None:
    def folder(name: str) -> Path:
        (root / name).mkdir()
        return root / name / "metadata.json"

    folder("a-folder").mkdir()
    os.mkfifo(folder("a-fifo"))
    folder("a-device").symlink_to("/dev/zero")
    folder("dangling").symlink_to("gone")
    folder("loop").symlink_to("metadata.json")
    folder("leads-out").symlink_to("/etc/hostname")
    folder("huge").write_bytes(b" " * (2**20 + 1))
    os.mknod(folder("a-socket"), stat.S_IFSOCK | 0o600)
    begin = time.monotonic()
    complaints = {}
    for path in sorted(root.iterdir()):
        with pytest.raises(Unreadable) as caught:
            read_metadata(path)
        complaints[path.name] = str(caught.value)
        assert path.name in complaints[path.name]
    assert time.monotonic() - begin < 2
    assert "is a folder" in complaints["a-folder"]
    assert "no regular file" in complaints["a-fifo"]
    assert "leads out of the skills directory" in complaints["a-device"]
    assert "leads nowhere" in complaints["dangling"]
    assert "leads out of the skills directory" in complaints["leads-out"]
    assert "1,048,577 bytes" in complaints["huge"]


def test_where_there_is_none(root: Path) -> None:
    (root / "empty").mkdir()
    (root / "file").write_text("")
    for name in ("empty", "file", "gone"):
        with pytest.raises(NotFound, match=f"no metadata.json in {name}"):
            read_metadata(root / name)


def test_a_link_inside_the_skills_directory_is_followed(
    root: Path, make_skill: Callable[..., Path]
) -> None:
    original = make_skill("original")
    (root / "linked").mkdir()
    (root / "linked" / "metadata.json").symlink_to("../original/metadata.json")
    assert read_metadata(root / "linked") == read_metadata(original)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
def test_no_permission_is_said(root: Path, make_skill: Callable[..., Path]) -> None:
    make_skill("closed-folder").chmod(0o700)
    (make_skill("closed-file") / "metadata.json").chmod(0o600)
    script = (
        "import os\n"
        "from pathlib import Path\n"
        "from training_manager_ros.skills import Catalog\n"
        "from training_manager_ros.datasets import FactCache\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "for skill in Catalog(Path('.'), FactCache(None)).skills():\n"
        "    print(skill.name, skill.badge, skill.problem)\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        env={**os.environ, "PYTHONPATH": PACKAGE_ROOT},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert [line.split()[:2] for line in output] == [
        ["closed-file", "broken"],
        ["closed-folder", "broken"],
    ]
    assert all("no permission" in line for line in output)
