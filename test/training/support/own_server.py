"""Our own training server behind the fault server's front.

The client's tests see a `FaultServer` that fails as it is told; what it answers while it does not
fail comes from `training-manager orchestrator`, a process of its own: sign-in, skills, runs, signed
addresses and objects. Skills and runs that a test puts there are written into that server's
database, where a test's own short names stand for the ids that the server would have made.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
from fault_server import KEY, Answer, Faults, FaultServer, Request, Stored

from training_manager_ros.orchestrator.accounts import Accounts
from training_manager_ros.orchestrator.services import DataFolder

NOW = "2025-01-01T00:00:00Z"


class Orchestrator:
    """The server's process over a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        (folder / "server.toml").write_text('approval = "manual"\n')
        command = [sys.executable, "-m", "training_manager_ros.orchestrator"]
        self._process = subprocess.Popen(
            [*command, "--port", "0", "--data-dir", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.base = self._process.stdout.readline().split()[3].rstrip(",")
        self.database = DataFolder(folder).database()
        accounts = Accounts(self.database, time.time)
        key, self.secret = accounts.create("robot")
        self.owner_id = self.database.read(
            "SELECT owner_id FROM keys WHERE key_id = ?", (key.key_id,)
        )[0]["owner_id"]

    def end(self) -> None:
        self.database.close()
        self._process.terminate()
        self._process.wait(20)


class OwnServer(FaultServer):
    """What the client's tests talk to; begins with an empty orchestrator."""

    def __init__(self, orchestrator: Orchestrator, faults: Faults | None = None) -> None:
        super().__init__(faults)
        self.folder = orchestrator.folder
        self.database = orchestrator.database
        self.owner_id = orchestrator.owner_id
        self.secret = orchestrator.secret
        self._http = httpx.AsyncClient(base_url=orchestrator.base, timeout=30)
        self._names: dict[str, str] = {}  # id on the server: a test's name for it
        self.skills: MutableMapping[str, Any] = _Skills(self)
        self.runs: MutableMapping[tuple[str, int], Any] = _Runs(self)
        self.objects: MutableMapping[str, Stored] = _Objects(self)
        self.skills.clear()
        self.objects.clear()

    # Names

    def id_of(self, name: str) -> str:
        """The server's id of a skill that a test calls so."""
        try:
            return str(uuid.UUID(name))
        except ValueError:
            made = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
            self._names[made] = name
            return made

    def name_of(self, skill_id: str) -> str:
        return self._names.get(skill_id, skill_id)

    def _named(self, words: str) -> str:
        for made, name in self._names.items():
            words = words.replace(made, name)
        return words

    # What is asked

    async def _forward(
        self,
        request: Request,
        path: str,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        query = {name: value for name, value in request.query.items() if name != "until"}
        passed = ("authorization", "range", "if-range")
        kept = {n: v.replace(KEY, self.secret) for n, v in request.headers.items() if n in passed}
        return await self._http.request(
            request.method,
            path,
            params=query,
            content=content,
            # Addresses are made for where they were asked for.
            headers={**kept, "Host": f"127.0.0.1:{self.port}", **(headers or {})},
        )

    async def _auth(self, request: Request) -> Answer:
        if request.path != "/auth/token" or self.faults.sign_in_status:
            return await super()._auth(request)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return await super()._auth(request)
        headers = {"authorization": f"Bearer {self.secret}"}
        answer = await self._forward(request, "/token", headers=headers)
        self._tokens[answer.json()["token"]] = 0
        return _answer(answer)

    async def _root(self) -> Answer:
        own = set((await self._http.get("/")).json()["features"])
        assert set(self.faults.features or ()) <= own | {"presets"}
        return await super()._root()

    async def _call(self, request: Request, parts: list[str], body: Any) -> Answer:
        place = 2 if parts[0] == "storage" else 1  # of the skill's id
        mapped = [*parts[:place], *map(self.id_of, parts[place : place + 1]), *parts[place + 1 :]]
        path = "/" + "/".join(quote(part, safe="") for part in mapped)
        content = json.dumps(body).encode() if request.length else b""
        answer = _answer(await self._forward(request, path, content=content))
        if answer.status == 404 and len(parts) == 2:
            answer.status = self.faults.unknown_status
        if "json" not in answer.headers.get("Content-Type", ""):
            return answer
        value = json.loads(self._named(answer.body.decode()))
        if isinstance(value, dict):
            for name in ("files", "upload_urls", "download_urls"):
                if name in value:
                    value[name] = {n: self._address(n, url) for n, url in value[name].items()}
            if "checksums" not in (self.faults.features or ()):
                value.pop("objects", None)
        answer.body = json.dumps(value).encode()
        return answer

    def _address(self, name: str, url: str) -> str:
        # A test may have put something else in the place of the way addresses are made.
        made = self._signed(name)
        if not made.startswith(f"{self.url}/store/"):
            return made
        return f"{url}&until={time.time() + self.faults.url_life}"

    # The store

    def _is_object(self, path: str) -> bool:
        return path.startswith("/objects/")

    def _key(self, path: str) -> str:
        skill, run, name = unquote(path.removeprefix("/objects/")).split("/", 2)
        return f"{skill}/{name}" if run == "0" else f"{skill}/{run}/{name}"

    def _is_signed(self, request: Request) -> bool:
        return time.time() < float(request.query.get("until", 0))

    def _real_path(self, request: Request) -> str:
        skill, rest = request.path.removeprefix("/objects/").split("/", 1)
        return f"/objects/{self.id_of(unquote(skill))}/{rest}"

    async def _keep(self, key: str, data: bytes, request: Request) -> Stored:
        answer = await self._forward(request, self._real_path(request), content=data)
        answer.raise_for_status()
        return Stored(data, len(data), answer.headers["etag"].strip('"'), next(self._versions))

    async def _stored(self, key: str, request: Request) -> Stored | None:
        plain = Request("GET", request.path, request.query, {}, request.reader, 0)
        answer = await self._forward(plain, self._real_path(request))
        if answer.status_code != 200:
            return None
        md5 = answer.headers["etag"].strip('"')
        return Stored(answer.content, len(answer.content), md5, int(md5[:8], 16))

    async def _give(self, request: Request, stored: Stored) -> Answer:
        faults = self.faults
        altered = faults.corrupt_gets or faults.short_gets or not faults.ranges
        if altered or faults.hashes != "etag" or not faults.validators:
            return self._get(request, stored)
        answer = await self._forward(request, self._real_path(request))
        given = _answer(answer)
        given.headers.pop("Content-Md5", None)  # the ETag is what is tested here
        if request.method == "HEAD":
            given.length = int(answer.headers["content-length"])
        return given

    def _store(self, key: str, data: bytes) -> None:
        skill, rest = key.split("/", 1)
        run, slash, name = rest.partition("/")
        place = (int(run), name) if slash and run.isdecimal() else (0, rest)
        blob = uuid.uuid4().hex
        path = self.folder / "objects" / blob[:2] / blob
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        md5 = hashlib.md5(data).hexdigest()
        row = (self.id_of(skill), *place, blob, len(data), md5, NOW)
        sql = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)"
        self.database.write(lambda db: db.execute(sql, row).rowcount).result()

    def blob(self, row: Any) -> Stored:
        data = (self.folder / "objects" / row["blob"][:2] / row["blob"]).read_bytes()
        return Stored(data, row["size"], row["md5"], 0)


def _answer(response: httpx.Response) -> Answer:
    dropped = ("content-length", "transfer-encoding", "connection", "date", "server")
    headers = {n.title(): v for n, v in response.headers.items() if n not in dropped}
    return Answer(response.status_code, response.content, headers)


class _Rows(MutableMapping[Any, Any]):
    """A table of the server's database, as the tests read and write it."""

    def __init__(self, server: OwnServer) -> None:
        self.server = server

    def read(self, sql: str, *values: Any) -> list[Any]:
        return self.server.database.read(sql, values)

    def write(self, sql: str, *values: Any) -> None:
        self.server.database.write(lambda db: db.execute(sql, values).rowcount).result()

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __delitem__(self, key: Any) -> None:
        raise NotImplementedError

    def clear(self) -> None:
        raise NotImplementedError


class _Skills(_Rows):
    def __getitem__(self, name: str) -> dict[str, Any]:
        rows = self.read("SELECT * FROM skills WHERE skill_id = ?", self.server.id_of(name))
        if not rows:
            raise KeyError(name)
        return {"skill_id": name, "name": rows[0]["name"]}

    def __setitem__(self, name: str, value: dict[str, Any]) -> None:
        row = (self.server.id_of(name), self.server.owner_id, value.get("name", name), NOW, NOW)
        self.write("INSERT OR IGNORE INTO skills VALUES (?, ?, ?, ?, ?)", *row)

    def __delitem__(self, name: str) -> None:
        self.write("DELETE FROM skills WHERE skill_id = ?", self.server.id_of(name))

    def clear(self) -> None:
        self.write("DELETE FROM skills")

    def __iter__(self) -> Iterator[str]:
        return (self.server.name_of(r["skill_id"]) for r in self.read("SELECT * FROM skills"))


class _Run(dict[str, Any]):
    """A run; what is set in it is set on the server."""

    def __init__(self, runs: _Runs, value: dict[str, Any]) -> None:
        super().__init__(value)
        self._runs = runs

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        self._runs[self["skill_id"], self["run_id"]] = dict(self)

    def __ior__(self, changes: Any) -> _Run:  # type: ignore[override,misc]
        self.update(changes)
        self._runs[self["skill_id"], self["run_id"]] = dict(self)
        return self


class _Runs(_Rows):
    def __getitem__(self, key: tuple[str, int]) -> _Run:
        skill, run_id = key
        rows = self.read(
            "SELECT * FROM runs WHERE skill_id = ? AND run_id = ?", self.server.id_of(skill), run_id
        )
        if not rows:
            raise KeyError(key)
        value = {n: rows[0][n] for n in ("run_id", "status", "daemon_state", "error_message")}
        params = json.loads(rows[0]["training_params"])
        return _Run(self, {"skill_id": skill, "training_params": params, **value})

    def __setitem__(self, key: tuple[str, int], value: dict[str, Any]) -> None:
        skill, run_id = key
        self.write(
            "INSERT OR REPLACE INTO runs (run_id, skill_id, status, daemon_state, error_message,"
            " training_params, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            run_id,
            self.server.id_of(skill),
            value.get("status", ""),
            value.get("daemon_state", ""),
            value.get("error_message"),
            json.dumps(value.get("training_params", {})),
            NOW,
            NOW,
        )

    def __iter__(self) -> Iterator[tuple[str, int]]:
        for row in self.read("SELECT * FROM runs"):
            yield self.server.name_of(row["skill_id"]), row["run_id"]


class _Objects(_Rows):
    def __getitem__(self, key: str) -> Stored:
        for found, stored in self.items():
            if found == key:
                return stored
        raise KeyError(key)

    def __setitem__(self, key: str, stored: Stored) -> None:
        raise NotImplementedError

    def clear(self) -> None:
        self.write("DELETE FROM objects")

    def __delitem__(self, key: str) -> None:
        skill, rest = key.split("/", 1)
        skill_id = self.server.id_of(skill)
        self.write("DELETE FROM objects WHERE skill_id = ? AND name = ?", skill_id, rest)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def items(self) -> Any:
        return {key: self.server.blob(row) for key, row in self._all().items()}.items()

    def _all(self) -> dict[str, Any]:
        found = {}
        for row in self.read("SELECT * FROM objects"):
            place = f"{row['run_id']}/" if row["run_id"] else ""
            found[f"{self.server.name_of(row['skill_id'])}/{place}{row['name']}"] = row
        return found
