"""A training server and object store on loopback that fails as it is told.

It speaks HTTP/1.1 over asyncio streams itself, because it has to break the protocol: resets in the
middle of a body, stalls, objects that are stored truncated or damaged. Run it in a thread
(`ServerThread`) or as a program, which prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import itertools
import json
import logging
import socket
import struct
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

KEY = "key-of-the-robot"
PIECE = 256 * 1024


@dataclass
class Faults:
    """How the server behaves; may be changed while it runs. Counters count down to nothing."""

    latency: float = 0.0  # seconds before each answer
    rate: float = 0.0  # bytes a second and connection, both ways; 0: no limit
    hashes: str = "etag"  # what the store tells: etag, goog, md5, kms, none
    token_calls: int = 0  # calls that a token is good for; 0: no limit
    token_life: float = 3600.0
    url_life: float = 3600.0
    busy_calls: int = 0  # every n-th call is answered 503
    busy_puts: int = 0  # every n-th PUT
    busy_gets: int = 0  # every n-th GET of an object
    sign_in_status: int = 0  # answer of the token endpoint instead of a token
    reset_puts: int = 0  # the next n PUTs are reset in the middle of their body
    reset_gets: int = 0
    stall_puts: int = 0  # the next n PUTs are read half and never answered
    stall_gets: int = 0
    truncate_puts: int = 0  # the next n PUTs lose their end on the way into the store
    corrupt_puts: int = 0  # the next n PUTs get a byte changed
    corrupt_gets: int = 0  # the next n GETs get a byte changed on the way out
    short_gets: int = 0  # the next n GETs of whole objects give a shorter object, consistently
    lose_answers: int = 0  # the next n POSTs are carried out, and then reset
    head_status: int = 0  # HEAD is answered with this instead
    ranges: bool = True
    if_range: bool = True  # heeded
    validators: bool = True  # ETag or Last-Modified on GET
    discard: bool = False  # objects are not kept, only their size and hash
    unknown_status: int = 404  # what a skill that does not exist is answered with
    features: tuple[str, ...] | None = None  # None: nothing at all at `/`

    def take(self, name: str) -> bool:
        """Whether a counter still had one; takes it."""
        left: int = getattr(self, name)
        if left <= 0:
            return False
        setattr(self, name, left - 1)
        return True


@dataclass
class Stored:
    data: bytes
    size: int
    md5: str
    version: int


class Reset(Exception):
    """Reset this connection."""


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    reader: asyncio.StreamReader
    length: int

    async def json(self) -> Any:
        return json.loads(await self.reader.readexactly(self.length) or b"null")


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None  # where it is not the body's
    close: bool = False


def _json(value: Any, status: int = 200, **headers: str) -> Answer:
    head = {"Content-Type": "application/json", **headers}
    return Answer(status, json.dumps(value).encode(), head)


class FaultServer:
    """The server's state and handlers; `serve` binds them to a port."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.skills: dict[str, dict[str, Any]] = {}
        self.runs: dict[tuple[str, int], dict[str, Any]] = {}
        self.objects: dict[str, Stored] = {}  # "<skill>/<name>" or "<skill>/<run>/<name>"
        self.logs: dict[tuple[str, int], bytes] = {}
        self.presets: list[dict[str, Any]] = []
        self.requests: Counter[str] = Counter()  # "PUT store", "GET /skills/…" by kind
        self.puts: Counter[str] = Counter()  # complete PUTs by object
        self.sent: Counter[str] = Counter()  # bytes given out by object
        self.calls: list[tuple[str, str]] = []
        self.bad_authorization: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._tokens: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._versions = itertools.count(1)
        self._every: Counter[str] = Counter()
        self.after_head: Callable[[], None] = lambda: None
        self.port = 0
        self._server: asyncio.base_events.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        return self.url + "/auth"

    def add_result(self, skill: str, run: int, name: str, data: bytes) -> None:
        self._store(f"{skill}/{run}/{name}", data)

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", self.port, limit=2 * PIECE
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    # One connection

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except Reset:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        length = int(headers.get("content-length", 0))
        request = Request(method, parts.path, query, headers, reader, length)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            answer = await self._answer(request)
            if self.faults.latency:
                await asyncio.sleep(self.faults.latency)
        finally:
            self.in_flight -= 1
        await self._write(writer, answer, with_body=method != "HEAD", path=request.path)
        return not answer.close

    async def _write(
        self, writer: asyncio.StreamWriter, answer: Answer, *, with_body: bool, path: str
    ) -> None:
        length = answer.length if answer.length is not None else len(answer.body)
        lines = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.close:
            lines.append("Connection: close")
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        if not with_body:
            await writer.drain()
            return
        is_object = self._is_object(path) and answer.status < 300
        body = memoryview(answer.body)
        half = len(body) // 2
        reset = is_object and len(body) > 1 and self.faults.take("reset_gets")
        stall = is_object and len(body) > 1 and self.faults.take("stall_gets")
        started = time.monotonic()
        for offset in range(0, len(body), PIECE):
            piece = body[offset : offset + PIECE]
            if (reset or stall) and offset + len(piece) > half:
                writer.write(bytes(piece[: max(0, half - offset)]))
                await writer.drain()
                if reset:
                    await asyncio.sleep(0.05)  # so that what was sent arrives before the reset
                    raise Reset
                await asyncio.sleep(3600)
            writer.write(bytes(piece))
            await writer.drain()
            if is_object:
                self.sent[self._key(path)] += len(piece)
            await self._paced(started, offset + len(piece))
        await writer.drain()

    async def _paced(self, started: float, size: int) -> None:
        if self.faults.rate:
            ahead = size / self.faults.rate - (time.monotonic() - started)
            if ahead > 0:
                await asyncio.sleep(ahead)

    # What is asked

    async def _answer(self, request: Request) -> Answer:
        path = request.path
        if path == "/_test":
            return await self._test(request)
        if self._is_object(path):
            return await self._object(request)
        body = await request.json()
        self.requests[f"{request.method} call"] += 1
        self.calls.append((request.method, path))
        if path.startswith("/auth/"):
            return await self._auth(request)
        if self._due("busy_calls"):
            return _json({"detail": "too much to do"}, 503)
        if path == "/":
            return await self._root()
        refusal = self._check_token(request)
        if refusal is not None:
            return refusal
        parts = [unquote(part) for part in path.strip("/").split("/")]
        answer = await self._call(request, parts, body)
        if request.method == "POST" and self.faults.take("lose_answers"):
            raise Reset
        return answer

    def _is_signed(self, request: Request) -> bool:
        expired = time.time() > float(request.query.get("expires", 0))
        return not expired and request.query.get("signature") == "s3cr3t"

    def _is_object(self, path: str) -> bool:
        return path.startswith("/store/")

    def _key(self, path: str) -> str:
        """The object that an address is of."""
        return unquote(path.removeprefix("/store/"))

    async def _auth(self, request: Request) -> Answer:
        if request.path == "/auth/.well-known/openid-configuration":
            return _json({"token_endpoint": "http://internal.invalid:1/auth/token"})
        if request.path != "/auth/token" or request.method != "POST":
            return _json({"detail": "no such thing"}, 404)
        if self.faults.sign_in_status:
            return _json({"detail": "not now"}, self.faults.sign_in_status)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return _json({"detail": "unknown key"}, 401)
        now = int(time.time())
        claims = {"iat": now, "exp": now + self.faults.token_life, "n": next(self._numbers)}
        parts = ({"alg": "none"}, claims)
        token = ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in parts
        )
        token += ".signature"
        self._tokens[token] = 0
        return _json({"token": token})

    def _check_token(self, request: Request) -> Answer | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        used = self._tokens.get(token)
        if used is None:
            self.bad_authorization.append(token)
            return _json({"detail": "who are you?"}, 401)
        if self.faults.token_calls and used >= self.faults.token_calls:
            return _json(
                {"detail": "expired"}, 401, **{"WWW-Authenticate": 'Bearer error="invalid_token"'}
            )
        self._tokens[token] = used + 1
        return None

    async def _root(self) -> Answer:
        features = self.faults.features
        if features is None:
            return _json({"detail": "Not Found"}, 404)
        return _json({"name": "test", "version": "1", "features": list(features)})

    async def _call(self, request: Request, parts: list[str], body: Any) -> Answer:
        method = request.method
        match (method, *parts):
            case ("POST", "skills"):
                skill_id = str(uuid.uuid4())
                self.skills[skill_id] = {"skill_id": skill_id, "name": body["name"], "new": 1}
                return _json(self.skills[skill_id], 201)
            case ("GET", "skills"):
                return _json(list(self.skills.values()))
            case ("GET", "runs"):
                return _json(list(self.runs.values()))
            case ("GET", "presets"):
                return _json(self.presets)
        skill_id = parts[2] if parts[0] == "storage" else parts[1]
        if skill_id not in self.skills:
            return _json({"detail": "no such skill"}, self.faults.unknown_status)
        match (method, *parts):
            case ("GET", "skills", _):
                return _json(self.skills[skill_id])
            case ("PATCH", "skills", _):
                self.skills[skill_id]["name"] = body["name"]
                return _json(self.skills[skill_id])
            case ("POST", "skills", _, "files"):
                names = body["filenames"]
                if len(names) > 25:
                    return _json({"detail": "at most 25"}, 422)
                urls = {name: self._signed(f"{skill_id}/{name}") for name in names}
                return _json({"upload_urls": urls, "download_urls": urls})
            case ("GET", "storage", "list", _):
                return _json(self._listing(f"{skill_id}/"))
            case ("GET", "storage", "list", _, run):
                return _json(self._listing(f"{skill_id}/{run}/"))
            case ("POST", "skills", _, "runs"):
                return _json({**self._new_run(skill_id, body), "agent_secret": "hush"}, 201)
            case ("GET", "skills", _, "runs"):
                return _json([run for (skill, _), run in self.runs.items() if skill == skill_id])
        run = self.runs.get((skill_id, int(parts[3]))) if len(parts) > 3 else None
        if run is None:
            return _json({"detail": "no such run"}, 404)
        match (method, *parts[4:]):
            case ("GET",):
                return _json(run)
            case ("PUT",):
                run |= body
                return _json(run)
            case ("POST", "cancel"):
                run |= {"status": "done", "error_message": "cancelled"}
                return _json(run)
            case ("GET", "log"):
                return self._log(skill_id, int(parts[3]), request.query)
            case ("GET", "metrics"):
                progress = {"step": 20, "total": 100, "loss": 0.5, "seconds_left": 8.0}
                return _json({"progress": progress, "metrics": {"loss": [[10, 1.5], [20, None]]}})
        return _json({"detail": "no such thing"}, 404)

    def _new_run(self, skill_id: str, body: Any) -> dict[str, Any]:
        run_id = 1 + sum(1 for skill, _ in self.runs if skill == skill_id)
        run = {
            "skill_id": skill_id,
            "run_id": run_id,
            "status": "waiting_for_approval",
            "training_params": body["training_params"],
            "created_at": "2025-01-01T00:00:00Z",
        }
        self.runs[skill_id, run_id] = run
        return run

    def _log(self, skill_id: str, run_id: int, query: dict[str, str]) -> Answer:
        log = self.logs.get((skill_id, run_id), b"")
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 65536))
        start = max(0, len(log) + offset) if offset < 0 else min(offset, len(log))
        part = log[start : start + limit]
        end = start + len(part)
        headers = {"X-Log-Start": str(start), "X-Log-Next": str(end)}
        if end == len(log):
            headers["X-Log-Complete"] = "true"
        return Answer(200, part, {"Content-Type": "text/plain", **headers})

    # The store

    def _signed(self, key: str) -> str:
        expires = time.time() + self.faults.url_life
        return f"{self.url}/store/{quote(key)}?expires={expires}&signature=s3cr3t"

    def _listing(self, prefix: str) -> dict[str, Any]:
        depth = prefix.count("/")
        found = {
            key.removeprefix(prefix): stored
            for key, stored in self.objects.items()
            if key.startswith(prefix) and (depth > 1 or not key.split("/")[1].isdecimal())
        }
        answer: dict[str, Any] = {"files": {n: self._signed(prefix + n) for n in found}}
        if "checksums" in (self.faults.features or ()):
            answer["objects"] = {n: {"size": o.size, "md5": o.md5} for n, o in found.items()}
        return answer

    async def _object(self, request: Request) -> Answer:
        self.requests[f"{request.method} store"] += 1
        key = self._key(request.path)
        if not self._is_signed(request):
            return Answer(403, b"expired", close=True)
        if "authorization" in request.headers:
            self.bad_authorization.append("sent to the store")
        if request.method == "PUT":
            return await self._put(key, request)
        stored = await self._stored(key, request)
        if request.method == "HEAD":
            self.after_head()
        if request.method == "HEAD" and self.faults.head_status:
            return Answer(self.faults.head_status)
        if stored is None:
            return Answer(404)
        if request.method == "GET" and self._due("busy_gets"):
            return Answer(503)
        return await self._give(request, stored)

    async def _give(self, request: Request, stored: Stored) -> Answer:
        return self._get(request, stored)

    async def _stored(self, key: str, request: Request) -> Stored | None:
        return self.objects.get(key)

    async def _keep(self, key: str, data: bytes, request: Request) -> Stored:
        self._store(key, data)
        return self.objects[key]

    async def _put(self, key: str, request: Request) -> Answer:
        if self._due("busy_puts"):
            return Answer(503, close=True)
        reset = self.faults.take("reset_puts")
        stall = self.faults.take("stall_puts")
        digest, pieces, size = hashlib.md5(), [], 0
        started = time.monotonic()
        while size < request.length:
            piece = await request.reader.read(min(PIECE, request.length - size))
            if not piece:
                raise ConnectionResetError
            size += len(piece)
            if size >= request.length // 2 and (reset or stall):
                if reset:
                    raise Reset
                await asyncio.sleep(3600)
            if self.faults.discard:
                digest.update(piece)
            else:
                pieces.append(piece)
            await self._paced(started, size)
        if self.faults.discard:
            kept = Stored(b"", size, digest.hexdigest(), next(self._versions))
            self.objects[key] = kept
        else:
            data = b"".join(pieces)
            if data and self.faults.take("truncate_puts"):
                data = data[:-1]
            if data and self.faults.take("corrupt_puts"):
                data = data[:-1] + bytes([data[-1] ^ 1])
            kept = await self._keep(key, data, request)
        self.puts[key] += 1
        return Answer(200, headers=self._hash_headers(kept))

    def _store(self, key: str, data: bytes) -> None:
        md5 = hashlib.md5(data).hexdigest()
        self.objects[key] = Stored(data, len(data), md5, next(self._versions))

    def _get(self, request: Request, stored: Stored) -> Answer:
        headers = {**self._hash_headers(stored), "Accept-Ranges": "bytes"}
        tag = f'"v{stored.version}"'
        if self.faults.validators:
            headers.setdefault("ETag", tag)
            tag = headers["ETag"]
        if request.method == "HEAD":
            return Answer(200, headers=headers, length=stored.size)
        data = stored.data
        wanted = request.headers.get("range", "")
        same = request.headers.get("if-range", tag) == tag or not self.faults.if_range
        if wanted and self.faults.ranges and same:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start = int(first)
            if start >= len(data):
                return Answer(416, headers={"Content-Range": f"bytes */{len(data)}"})
            end = min(int(last) if last else len(data) - 1, len(data) - 1)
            headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
            headers.pop("Content-MD5", None)
            return Answer(206, data[start : end + 1], headers)
        if data and self.faults.take("corrupt_gets"):
            data = data[:-1] + bytes([data[-1] ^ 1])
        if data and self.faults.take("short_gets"):
            data = data[:-1]
        return Answer(200, data, headers)

    def _hash_headers(self, stored: Stored) -> dict[str, str]:
        digest = base64.b64encode(bytes.fromhex(stored.md5)).decode()
        match self.faults.hashes:
            case "etag":
                return {"ETag": f'"{stored.md5}"'}
            case "goog":
                return {"x-goog-hash": f"crc32c=AAAAAA==,md5={digest}"}
            case "md5":
                return {"Content-MD5": digest}
            case "kms":
                tag = f'"{uuid.uuid5(uuid.NAMESPACE_URL, stored.md5).hex}"'
                return {"ETag": tag, "x-amz-server-side-encryption": "aws:kms"}
        return {}

    def _due(self, name: str) -> bool:
        every: int = getattr(self.faults, name)
        if not every:
            return False
        self._every[name] += 1
        return self._every[name] % every == 0

    async def _test(self, request: Request) -> Answer:
        """What another process may ask and set."""
        for name, value in ((await request.json()) or {}).items():
            setattr(self.faults, name, value)
        return _json(
            {
                "requests": self.requests,
                "calls": len(self.calls),
                "puts": self.puts,
                "sent": self.sent,
                "objects": {key: stored.md5 for key, stored in self.objects.items()},
            }
        )


class ServerThread:
    """A fault server in a thread of its own."""

    def __init__(self, faults: Faults | None = None, server: FaultServer | None = None) -> None:
        self.server = server or FaultServer(faults)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.start()

    def start(self) -> None:
        """Listen (again, on the same port)."""
        asyncio.run_coroutine_threadsafe(self.server.start(), self._loop).result(10)

    def stop(self) -> None:
        """Listen no more, and break all connections."""
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result(10)

    def close(self) -> None:
        """End the thread."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()


def _parsed(pairs: list[str]) -> Iterator[tuple[str, Any]]:
    for pair in pairs:
        name, _, value = pair.partition("=")
        yield name, json.loads(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", help="NAME=JSON")
    server = FaultServer(Faults(**dict(_parsed(parser.parse_args().faults))))

    async def run() -> None:
        await server.start()
        print(server.url, flush=True)
        await asyncio.Event().wait()

    asyncio.run(run())


if __name__ == "__main__":
    main()
