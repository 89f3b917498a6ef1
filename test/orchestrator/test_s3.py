"""Objects in an S3-compatible store: moto's server (PyPI), and s3rver (npm), whose URLs expire.

Neither checks a signature; that a URL is good for one thing alone is left to boto3.

TRAINING_MANAGER_S3RVER is the path of an s3rver program; without it only moto is tested.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

boto3 = pytest.importorskip("boto3")

NAMES = ["data/episode_0.h5", "a b+c%41.txt", "ü/ß ☃.bin"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command_of(kind: str, port: int, folder: Path) -> list[str]:
    if kind == "moto":
        pytest.importorskip("moto.server")
        return [sys.executable, "-m", "moto.server", "-p", str(port)]
    program = os.environ.get("TRAINING_MANAGER_S3RVER")
    node = shutil.which("node")
    if program is None or node is None:
        pytest.skip("no s3rver (npm install s3rver; TRAINING_MANAGER_S3RVER=node_modules/…)")
    return [node, program, "-d", str(folder), "-a", "127.0.0.1", "-p", str(port)]


@pytest.fixture(scope="module", params=["moto", "s3rver"])
def bucket(request, tmp_path_factory):
    """(endpoint, environment) of a store with an empty bucket "robots"."""
    folder = tmp_path_factory.mktemp(request.param)
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        command_of(request.param, port, folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    name = "S3RVER" if request.param == "s3rver" else "test"
    env = {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": name}
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=name,
        aws_secret_access_key=name,
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket="robots")
            break
        except Exception:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.2)
    yield endpoint, env
    os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def s3_server(bucket, tmp_path_factory, new_server):
    endpoint, env = bucket
    server = new_server(tmp_path_factory.mktemp("s3") / "data")
    server.env.update(env)
    server.write_settings(
        f'[s3]\nbucket = "robots"\nprefix = "lab/one"\nendpoint_url = "{endpoint}"\n'
    )
    return server.start()


@pytest.fixture
def me(s3_server):
    return s3_server.owner("me")


def put(owner, skill, name, data):
    url = owner.urls(skill, name)["upload_urls"][name]
    headers = {"Content-Type": "application/octet-stream"}
    answer = httpx.put(url, content=data, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return url


@pytest.mark.parametrize("name", NAMES)
def test_what_is_put_is_got(me, s3_server, name):
    skill = me.skill()
    data = os.urandom(300_000)
    url = put(me, skill, name, data)
    assert not url.startswith(s3_server.base)  # the bytes do not go through our server
    listed = me.http.get(f"/storage/list/{skill}").json()
    assert list(listed["files"]) == [name]
    assert listed["objects"][name]["size"] == len(data)
    got = httpx.get(listed["files"][name])
    assert got.content == data
    assert got.headers["ETag"].strip('"') == listed["objects"][name]["md5"]
    part = httpx.get(listed["files"][name], headers={"Range": "bytes=5-8"})
    assert (part.status_code, part.content) == (206, data[5:9])


def test_what_was_not_uploaded_is_404(me):
    url = me.urls(me.skill(), "data/x")["download_urls"]["data/x"]
    assert httpx.get(url).status_code == 404


def test_urls_expire(bucket, make_server):
    endpoint, env = bucket
    if "S3RVER" not in env.values():
        pytest.skip("moto takes expired URLs")
    server = make_server(env=env)
    server.write_settings(
        f'url_lifetime = 1.0\n[s3]\nbucket = "robots"\nendpoint_url = "{endpoint}"\n'
    )
    owner = server.start().owner("me")
    urls = owner.urls(owner.skill(), "x")
    time.sleep(2.1)
    assert httpx.put(urls["upload_urls"]["x"], content=b"late").status_code in (400, 403)
    assert httpx.get(urls["download_urls"]["x"]).status_code in (400, 403)


def test_a_run_takes_its_data_from_there_and_puts_its_results_there(me, checkpoint):
    skill = me.skill()
    for number in range(12):
        put(me, skill, f"data/episode_{number}.h5", f"episode {number};".encode())
    run = me.shell(skill, f"cat $DATA_DIR/data/*; {checkpoint}")
    ended = me.ended(skill, run)
    assert ended["error_message"] is None
    assert "episode 7;episode 8;episode 9;" in me.log(skill, run)
    files = me.files(skill, run)
    assert sorted(files) == ["data_stats.pt", "policy_step_7.pth", "training.log"]
    assert httpx.get(files["policy_step_7.pth"]).content == b"c"


def test_deleting_a_skill_empties_its_part_of_the_bucket(me):
    skill, other = me.skill(), me.skill()
    put(me, skill, "x", b"1")
    put(me, other, "x", b"2")
    url = me.files(skill)["x"]
    assert me.http.delete(f"/skills/{skill}").status_code == 204
    assert httpx.get(url).status_code == 404
    assert httpx.get(me.files(other)["x"]).content == b"2"


def test_a_store_that_does_not_answer_is_said(make_server):
    server = make_server(env={"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})
    endpoint = f"http://127.0.0.1:{free_port()}"
    server.write_settings(f'[s3]\nbucket = "robots"\nendpoint_url = "{endpoint}"\n')
    owner = server.start().owner("me")
    skill = owner.skill()
    run = owner.run(skill)
    assert "The object store does not answer" in owner.ended(skill, run)["error_message"]
    answer = owner.http.get(f"/storage/list/{skill}")
    assert answer.status_code == 500
    assert "The object store does not answer" in answer.json()["detail"]
