"""A run's code: a git repository at a ref, or what ships with the server.

Forms of `repo`: owner/repo (on GitHub), an https, http, ssh or git URL, user@host:path, a path that
the settings allow, or bundled:NAME.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from training_manager_ros.orchestrator.failure import RunFailed
from training_manager_ros.orchestrator.subprocesses import Stopped, run_command

__all__ = ["BUNDLED", "Repositories", "check_ref", "check_repo"]

BUNDLED = {"smoke": Path(__file__).parent / "smoke"}
GITHUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
SCP = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^\s]+")
REF = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./@+#-]*")
SCHEMES = ("https", "http", "ssh", "git")
TIMEOUT = 1800.0  # s for one git command


def check_repo(repo: str) -> str:
    """What is wrong with the form of `repo`; "" if nothing. Says nothing about its existence."""
    if repo.startswith("bundled:"):
        known = repo.removeprefix("bundled:") in BUNDLED
        return "" if known else f"{repo!r} does not ship with this server"
    if repo.startswith("/"):
        return "must not have '..' in it" if ".." in repo.split("/") else ""
    if GITHUB.fullmatch(repo) or SCP.fullmatch(repo):
        return ""
    parts = urlsplit(repo)
    if parts.scheme in SCHEMES and parts.hostname and not parts.hostname.startswith("-"):
        return ""
    return f"{repo!r} must be owner/repo, a git URL or a path that the server allows"


def check_ref(ref: str) -> str:
    """What is wrong with the form of `ref`; "" if nothing ("" means the default branch)."""
    if not ref or (REF.fullmatch(ref) and ".." not in ref and not ref.endswith((".lock", "/"))):
        return ""
    return f"{ref!r} is no name of a branch, a tag or a commit"


@dataclass(frozen=True)
class Repositories:
    """Fetches repositories by the owner's rules."""

    local: Sequence[str] = ()  # folders below which a path is allowed
    hosts: Sequence[str] = ()  # hosts that are allowed; empty: all
    version: str = ""  # of this server, recorded for what is bundled
    marker: str = ""  # NAME=value in git's environment, to find it after a crash of the server

    def fetch(
        self, repo: str, ref: str, target: Path, say: Callable[[str], None], stopped: Stopped
    ) -> str:
        """Put `repo` at `ref` into the new folder `target`; the commit it is.

        `say` gets git's output line by line. Raises `RunFailed` with a sentence for the user.
        """
        if repo.startswith("bundled:"):
            name = repo.removeprefix("bundled:")
            shutil.copytree(BUNDLED[name], target, ignore=shutil.ignore_patterns("__pycache__"))
            return f"{name} of training_manager {self.version}"
        env = dict([self.marker.split("=", 1)] if self.marker else [])
        local = repo.startswith("/")
        return _Git(target, self._url(repo), repo, say, stopped, env, local).fetch(ref)

    def _url(self, repo: str) -> str:
        if repo.startswith("/"):
            path = Path(repo).resolve()
            if not any(path.is_relative_to(Path(folder).resolve()) for folder in self.local):
                raise RunFailed(
                    f"The repo {repo} is a path that this server does not allow: add its folder to"
                    " local_repositories in server.toml, or give a git URL."
                )
            return str(path)
        url = f"https://github.com/{repo}" if GITHUB.fullmatch(repo) else repo
        host = urlsplit(url).hostname or url.partition("@")[2].partition(":")[0]
        if self.hosts and host not in self.hosts:
            raise RunFailed(
                f"The repo {repo} is on {host}, which this server does not allow"
                f" (git_hosts in server.toml: {', '.join(self.hosts)})."
            )
        return url


class _Git:
    def __init__(
        self,
        folder: Path,
        url: str,
        repo: str,
        say: Callable[[str], None],
        stopped: Stopped,
        env: Mapping[str, str],
        local: bool,
    ) -> None:
        self._folder = folder
        self._url = url
        self._repo = repo
        self._say = say
        self._stopped = stopped
        self._env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
            **env,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oConnectTimeout=20",
            "GIT_ALLOW_PROTOCOL": ":".join([*SCHEMES, *(["file"] if local else [])]),
            "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
            "GIT_HTTP_LOW_SPEED_TIME": "60",
        }

    def fetch(self, ref: str) -> str:
        self._folder.mkdir()
        self._must("init", "--quiet")
        self._must("remote", "add", "origin", self._url)
        shallow = ["fetch", "--quiet", "--depth", "1", "origin"]
        if self._git(*shallow, ref or "HEAD")[0] == 0:
            commit = "FETCH_HEAD"
        else:
            commit = self._fetch_all(ref)  # an abbreviated commit, or a host that serves no commit
        self._must("checkout", "--quiet", "--detach", commit)
        if (self._folder / ".gitmodules").is_file():
            self._must("submodule", "update", "--init", "--recursive", "--depth", "1", "--quiet")
        return self._must("rev-parse", "HEAD").strip()

    def _fetch_all(self, ref: str) -> str:
        code, output = self._git(
            "fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"
        )
        if code:
            raise RunFailed(
                f"The repo {self._repo} can't be cloned: {_last_line(output)}"
                " Check its name, and that this server may read it."
            )
        for name in (f"refs/remotes/origin/{ref}", f"refs/tags/{ref}", ref):
            code, output = self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
            if code == 0:
                return output.strip()
        raise RunFailed(f"The repo {self._repo} has no branch, tag or commit {ref!r}.")

    def _must(self, *arguments: str) -> str:
        code, output = self._git(*arguments)
        if code:
            raise RunFailed(f"git {arguments[0]} of {self._repo} failed: {_last_line(output)}")
        return output

    def _git(self, *arguments: str) -> tuple[int, str]:
        command = ["git", "-C", str(self._folder), *arguments]
        code, output = run_command(command, self._env, TIMEOUT, self._stopped)
        for line in output.splitlines():
            if code:
                self._say(line)
        return code, output


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:"))]
    text = (telling or lines or ["no reason given"])[0]
    return text if text.endswith(".") else f"{text}."
