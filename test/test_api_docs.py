"""docs/api.md says what the interface files say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_reference_is_what_the_interface_files_say():
    check = [sys.executable, "tools/api_docs.py", "--check"]
    result = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_interface_file_is_built():
    cmake = (ROOT / "CMakeLists.txt").read_text()
    files = [path for folder in ("action", "msg", "srv") for path in (ROOT / folder).iterdir()]
    assert files
    assert [path for path in files if f"{path.parent.name}/{path.name}" not in cmake] == []
