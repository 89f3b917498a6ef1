"""Imports point one way: node, panel, cli, orchestrator → jobs → editing → skills, datasets."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "training_manager_ros"
INNER = ("skills", "datasets", "editing", "training", "jobs")
FORBIDDEN = ("rclpy", "tornado", "training_manager", "rcl_interfaces", "std_srvs", "launch")
HEAVY = ("numpy", "h5py", "pyarrow", "av", "httpx", "rclpy", "tornado")


def modules() -> dict[str, Path]:
    """Every module of the package by its name."""
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        if parts[-1] == "__init__":
            del parts[-1]
        found[".".join(parts)] = path
    return found


MODULES = modules()


@functools.cache
def imports(name: str) -> frozenset[str]:
    """What a module imports anywhere in it, also inside functions, by absolute name."""
    path = MODULES[name]
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found: set[str] = set()
    for statement in ast.walk(ast.parse(path.read_text())):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            base = package[: len(package) - statement.level + 1] if statement.level else []
            module = ".".join([*base, *([statement.module] if statement.module else [])])
            found.add(module)
            found |= {f"{module}.{alias.name}" for alias in statement.names}
    return frozenset(found)


def reachable(start: str) -> dict[str, list[str]]:
    """Everything that a module leads to, each with the way there."""
    ways = {start: [start]}
    pending = [start]
    while pending:
        name = pending.pop()
        if name not in MODULES:
            continue
        parents = [name.rsplit(".", n)[0] for n in range(1, name.count(".") + 1)]
        for imported in sorted(imports(name) | set(parents)):
            if imported not in ways:
                ways[imported] = [*ways[name], imported]
                pending.append(imported)
    return ways


def part(name: str) -> str:
    """The folder or file of the package that a module belongs to."""
    pieces = name.split(".")
    return pieces[1] if pieces[0] == PACKAGE and len(pieces) > 1 else ""


def of(folder: str) -> list[str]:
    return [name for name in MODULES if part(name) == folder]


@pytest.mark.parametrize("folder", INNER)
def test_the_inner_packages_lead_to_neither_ros_nor_http(folder: str) -> None:
    assert of(folder)
    wrong = {
        " → ".join(way)
        for name in of(folder)
        for imported, way in reachable(name).items()
        if imported.split(".")[0] in FORBIDDEN
    }
    assert wrong == set()


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("datasets", {"datasets"}),
        ("skills", {"skills", "datasets"}),
        ("training", {"training", "skills", "datasets"}),
        ("editing", {"editing", "skills", "datasets"}),
        ("jobs", {"jobs", "editing", "training", "skills", "datasets"}),
    ],
)
def test_inner_packages_import_only_what_lies_below_them(folder: str, allowed: set[str]) -> None:
    shared = {"", "errors", "levers", "paths", "redaction", "__version__"}
    wrong = {
        f"{name} imports {imported}"
        for name in of(folder)
        for imported in imports(name)
        if imported.split(".")[0] == PACKAGE and part(imported) not in allowed | shared
    }
    assert wrong == set()


def test_the_walk_sees_what_is_there() -> None:
    assert any(name.startswith("rclpy") for name in reachable(f"{PACKAGE}.node.node"))
    assert f"{PACKAGE}.skills.locking" in reachable(f"{PACKAGE}.skills")
    assert f"{PACKAGE}.panel.ui" in reachable(f"{PACKAGE}.cli")  # imported inside a function


def run(script: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("folder", INNER)
def test_every_inner_module_can_be_imported_without_them(folder: str) -> None:
    script = (
        "import importlib, importlib.abc, sys\n"
        "class Refuse(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name.split('.')[0] in {FORBIDDEN!r}:\n"
        "            raise AssertionError(f'{name} is imported')\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
    )
    names = [name for name in of(folder) if not name.endswith("__main__")]
    run(script, *names)


def test_a_list_of_skills_needs_no_heavy_library(sample_skills: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from training_manager_ros.datasets import FactCache\n"
        "from training_manager_ros.skills import Catalog, create_skill, update_metadata, watch\n"
        "skills = Catalog(Path(sys.argv[1]), FactCache(None)).skills()\n"
        "assert sum(skill.dataset is not None for skill in skills) >= 4, skills\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    assert run(script, str(sample_skills)) == "[]\n"


def test_the_command_line_answers_without_heavy_libraries(sample_skills: Path) -> None:
    script = (
        "import sys\n"
        "from training_manager_ros.cli import main\n"
        "main(sys.argv[1:])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    lines = run(script, "skills", "--skills-dir", str(sample_skills)).splitlines()
    assert lines[0].startswith("SKILL")
    assert lines[-1] == "[]"
