"""Video, frames, thumbnails and signals over HTTP, from real files on disk."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import time
from pathlib import Path

import av
import numpy as np
import pytest

FRAMES, RATE, WIDTH, HEIGHT = 30, 10, 64, 48  # of what `made_skills` has


def number_of(image: np.ndarray) -> int:
    return round(float(np.asarray(image, dtype=float).mean()) / 8)


def decoded(jpeg: bytes) -> np.ndarray:
    with av.open(io.BytesIO(jpeg), format="mjpeg") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


@pytest.fixture
def skills(tmp_path, made_skills) -> Path:
    root = tmp_path / "made"
    shutil.copytree(made_skills, root)
    return root


@pytest.fixture
def client(start_panel, skills):
    with start_panel(skills_dir=skills).client() as client:
        yield client


VIDEO = "/api/media/pick%20up/0/main/video.mp4"


def wait_for_video(client, base: str) -> dict:
    deadline = time.monotonic() + 60
    while True:
        info = client.get(f"{base}/info").json()
        if info["state"] != "encoding":
            return info
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_h264_video_is_ready_at_once(client, skills) -> None:
    info = client.get("/api/media/pick%20up/1/main/info").json()
    url = info.pop("url")
    assert info == {
        "state": "ready",
        "progress": 1.0,
        "frames": FRAMES,
        "rate": RATE,
        "width": WIDTH,
        "height": HEIGHT,
        "start_time": info["start_time"],
        "error": "",
    }
    assert url.startswith("/api/media/pick%20up/1/main/video.mp4?v=")
    answer = client.get(url)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.content == (skills / "pick up/data/episode_1_main.mp4").read_bytes()


def test_raw_images_are_encoded_and_then_the_same_pictures(client) -> None:
    base = "/api/media/raw/0/camera_1"
    first = client.get(f"{base}/info").json()
    if first["state"] == "encoding":
        assert first["url"] == ""
        early = client.get(f"{base}/video.mp4")
        if early.status_code != 200:  # else it was done in between
            assert early.status_code == 409
            assert "being prepared" in early.json()["detail"]
    info = wait_for_video(client, base)
    assert (info["state"], info["frames"]) == ("ready", FRAMES)
    with av.open(io.BytesIO(client.get(info["url"]).content)) as container:
        shown = [number_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert shown == list(range(FRAMES))


def test_an_encoded_video_stays_the_same_however_often_it_is_asked_for(client) -> None:
    base = "/api/media/raw/0/camera_1"
    info = wait_for_video(client, base)
    first = client.get(info["url"], headers={"Range": "bytes=0-99"})
    for _ in range(3):
        assert client.get(f"{base}/info").json() == info
        again = {"Range": "bytes=100-199", "If-Range": first.headers["etag"]}
        assert client.get(info["url"], headers=again).status_code == 206
    known = client.get(info["url"], headers={"If-None-Match": first.headers["etag"]})
    assert known.status_code == 304


def test_every_frame_is_the_one_asked_for(client) -> None:
    for base, first in (("/api/media/pick%20up/1/main", 1), ("/api/media/raw/1/camera_1", 0)):
        for number in (0, 1, 17, FRAMES - 1):
            answer = client.get(f"{base}/frame/{number}.jpg")
            assert answer.headers["content-type"] == "image/jpeg"
            image = decoded(answer.content)
            assert image.shape == (HEIGHT, WIDTH, 3)
            assert number_of(image) == (first + number) % FRAMES


def test_a_frame_can_be_smaller(client) -> None:
    answer = client.get("/api/media/raw/0/camera_1/frame/3.jpg?width=32")
    assert decoded(answer.content).shape == (24, 32, 3)


@pytest.mark.parametrize("width", ["0", "-5", "x", "1.5", "99999", "", "٣"])
def test_a_wrong_width_is_said_so(client, width) -> None:
    answer = client.get("/api/media/raw/0/camera_1/frame/3.jpg", params={"width": width})
    assert answer.status_code == 400
    assert "width" in answer.json()["fields"]


def test_thumbnails_and_frames_are_asked_about_and_change_with_the_file(client, skills) -> None:
    for path in ("/api/media/raw/0/thumbnail.jpg", "/api/media/raw/0/camera_1/frame/9.jpg"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, no-cache"
        etag = answer.headers["etag"]
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
        os.utime(skills / "raw/data/episode_0.h5")
        again = client.get(path, headers={"If-None-Match": etag})
        assert again.status_code == 200
        assert again.headers["etag"] != etag


def test_sizes_and_frames_have_etags_of_their_own(client) -> None:
    paths = ["frame/1.jpg", "frame/2.jpg", "frame/1.jpg?width=32"]
    etags = {client.get(f"/api/media/raw/0/camera_1/{path}").headers["etag"] for path in paths}
    assert len(etags) == 3


def test_signals(client) -> None:
    answer = client.get("/api/signals/pick%20up/0")
    assert answer.headers["content-encoding"] == "gzip"
    got = answer.json()
    assert got["rate"] == RATE
    action = next(signal for signal in got["signals"] if signal["name"] == "action")
    assert np.shape(action["values"]) == (FRAMES, 10)
    assert len(got["timestamps"]) == FRAMES
    thin = client.get("/api/signals/pick%20up/0?points=10", headers={"Accept-Encoding": ""})
    assert "content-encoding" not in thin.headers
    assert len(thin.json()["timestamps"]) == 10
    assert client.get("/api/signals/raw/0?points=1").status_code == 400


RANGES = [
    (None, 200, slice(None)),
    ("bytes=0-", 206, slice(0, None)),
    ("bytes=0-1", 206, slice(0, 2)),
    ("bytes=100-299", 206, slice(100, 300)),
    ("bytes=-50", 206, slice(-50, None)),
    ("bytes=100-99999999", 206, slice(100, None)),
    ("bytes=0-1,5-6", 200, slice(None)),
    ("bytes=x", 200, slice(None)),
]


@pytest.mark.parametrize(("header", "status", "part"), RANGES)
def test_ranges(client, skills, header, status, part) -> None:
    data = (skills / "pick up/data/episode_0_main.mp4").read_bytes()
    answer = client.get(VIDEO, headers={"Range": header} if header else {})
    assert answer.status_code == status
    assert answer.content == data[part]
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(answer.content)
    if status == 206:
        start, stop, _ = part.indices(len(data))
        expected = f"bytes {start}-{stop - 1}/{len(data)}"
        assert answer.headers["content-range"] == expected
    else:
        assert "content-range" not in answer.headers


def test_a_range_behind_the_end(client, skills) -> None:
    size = (skills / "pick up/data/episode_0_main.mp4").stat().st_size
    answer = client.get(VIDEO, headers={"Range": f"bytes={size}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{size}"


def test_head_tells_the_size_alone(client, skills) -> None:
    answer = client.head(VIDEO)
    assert answer.status_code == 200
    size = (skills / "pick up/data/episode_0_main.mp4").stat().st_size
    assert int(answer.headers["content-length"]) == size
    assert answer.content == b""


def test_a_video_that_was_replaced(client, skills, write_mp4) -> None:
    path = skills / "pick up/data/episode_0_main.mp4"
    base = VIDEO.removesuffix("/video.mp4")
    old = client.get(f"{base}/info").json()["url"]
    first = client.get(VIDEO, headers={"Range": "bytes=0-99"})
    etag = first.headers["etag"]
    assert client.get(VIDEO, headers={"If-None-Match": etag}).status_code == 304
    same = client.get(VIDEO, headers={"Range": "bytes=100-199", "If-Range": etag})
    assert same.status_code == 206
    write_mp4(path.with_name("new.mp4"), first=5)
    os.replace(path.with_name("new.mp4"), path)
    other = client.get(VIDEO, headers={"Range": "bytes=100-199", "If-Range": etag})
    assert other.status_code == 200  # all of the new one, never a mixture
    assert other.content == path.read_bytes()
    assert client.get(VIDEO, headers={"If-None-Match": etag}).status_code == 200
    assert client.get(f"{base}/info").json()["url"] != old


NOWHERE = [
    ("/api/media/none/0/main/info", 404),
    ("/api/media/empty/0/main/info", 404),
    ("/api/media/pick%20up/2/main/info", 404),
    ("/api/media/pick%20up/999999999/main/info", 404),
    ("/api/media/pick%20up/0/other/info", 404),
    ("/api/media/pick%20up/0/camera_1/info", 404),
    ("/api/media/raw/0/camera_1/frame/30.jpg", 404),
    ("/api/media/raw/0/camera_1/frame/999999999.jpg", 404),
    ("/api/media/raw/0/camera_1/frame/-1.jpg", 404),
    ("/api/media/raw/0/camera_1/frame/9999999999.jpg", 404),
    ("/api/media/raw/0/camera_1/frame/1.png", 404),
    ("/api/media/raw/x/camera_1/info", 404),
    ("/api/media/raw/-1/camera_1/info", 404),
    ("/api/media/raw/0x0/camera_1/info", 404),
    ("/api/media/raw/%D9%A3/camera_1/info", 404),
    ("/api/media/raw/0/camera_1/", 404),
    ("/api/media/raw/0/camera_1", 404),
    ("/api/media/raw/2/thumbnail.jpg", 404),
    ("/api/signals/raw/2", 404),
    ("/api/signals/none/0", 404),
    # out of the folder
    ("/api/media/../0/main/info", 400),
    ("/api/media/%2e%2e/0/main/info", 400),
    ("/api/media/%2e/0/main/info", 400),
    ("/api/media/..%2f..%2fetc/0/main/info", 400),
    ("/api/media/..%2fmade%2fraw/0/camera_1/info", 400),
    ("/api/media/raw%2f/0/camera_1/info", 400),
    ("/api/media/raw%2fdata/0/camera_1/info", 400),
    ("/api/media/%2fetc/0/main/info", 400),
    ("/api/media/..%5c..%5cetc/0/main/info", 400),
    ("/api/media/raw%00/0/camera_1/info", 400),
    ("/api/media/raw%00.x/0/camera_1/info", 400),
    ("/api/media/.hidden/0/main/info", 400),
    ("/api/media/raw/0/..%2f..%2fcamera_1/info", 404),
    ("/api/media/raw/0/%2fetc%2fpasswd/info", 404),
    ("/api/media/raw/0/camera_1%00/info", 404),
    ("/api/media/raw/0/camera_1%2f..%2fcamera_1/info", 404),
    ("/api/media/pick%20up/0/%2e%2e/video.mp4", 404),
    ("/api/media/pick%20up/0/main/..%2fvideo.mp4", 404),
    ("/api/media/pick%20up/0/main/video.mp4%00", 404),
    ("/api/media/pick%20up/0/main/video.mp4/../video.mp4", 404),
    ("/api/media/%ff%fe/0/main/info", 400),
    ("/api/media/%/0/main/info", 404),
    ("/api/media/" + "a" * 5000 + "/0/main/info", 400),
    ("//api/media/raw/0/camera_1/info", 404),
    ("/api/media//raw/0/camera_1/info", 404),
    ("/api/media/out/0/main/info", 404),
    ("/api/media/out/0/main/video.mp4", 404),
    ("/api/media/out/0/thumbnail.jpg", 404),
    ("/api/signals/out/0", 404),
    ("/api/media/dangling/0/main/info", 404),
    ("/api/media/circle/0/main/info", 404),
    ("/api/media/file/0/main/info", 404),
]


@pytest.fixture(scope="module")
def tempting(start_shared_panel, made_skills, tmp_path_factory):
    """A server with much around the skills that must not be reached, and a browser's headers."""
    folder = tmp_path_factory.mktemp("tempting")
    skills = folder / "made"
    shutil.copytree(made_skills, skills)
    shutil.copytree(skills / "pick up", folder / "outside")
    shutil.copytree(skills / "raw", skills / ".hidden")
    (skills / "out").symlink_to(folder / "outside")
    (skills / "dangling").symlink_to(folder / "no such")
    (skills / "circle").symlink_to(skills / "circle")
    (skills / "file").write_text("no folder")
    panel = start_shared_panel(skills_dir=skills)
    return panel, panel.session_headers(), folder


@pytest.mark.parametrize(("path", "status"), NOWHERE)
def test_ids_that_lead_nowhere(tempting, path, status) -> None:
    panel, headers, folder = tempting
    got, answered, body = panel.raw("GET", path, headers)
    assert got == status
    assert answered["Content-Type"].startswith("application/json")
    assert json.loads(body)["detail"]
    assert str(folder) not in body.decode()


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        (
            "episode_0_main.mp4",
            [
                "media/pick%20up/0/main/info",
                "media/pick%20up/0/main/video.mp4",
                "media/pick%20up/0/main/frame/0.jpg",
                "media/pick%20up/0/thumbnail.jpg",
            ],
        ),
        ("episode_0.h5", ["signals/pick%20up/0"]),
    ],
)
@pytest.mark.parametrize("how", ["file", "folder"])
def test_links_out_of_the_folder_are_refused(client, skills, tmp_path, name, paths, how) -> None:
    data = skills / "pick up/data"
    before = {path: client.get(f"/api/{path}").status_code for path in paths}
    assert set(before.values()) == {200}
    if how == "folder":
        os.rename(data, tmp_path / "data")
        data.symlink_to(tmp_path / "data")
    else:
        os.rename(data / name, tmp_path / name)
        (data / name).symlink_to(tmp_path / name)
    for path in paths:
        answer = client.get(f"/api/{path}")
        refused = answer.status_code in (404, 422) or answer.json().get("state") == "failed"
        assert refused, (path, answer.status_code)
        assert answer.json().get("url", "") == ""


def test_a_link_to_another_skill_is_followed(client, skills) -> None:
    """The recordings of a merge may be links: they stay within the skills folder."""
    data = skills / "pick up/data"
    os.rename(data / "episode_0_main.mp4", skills / "raw/data/moved.mp4")
    (data / "episode_0_main.mp4").symlink_to(skills / "raw/data/moved.mp4")
    assert client.get(VIDEO).status_code == 200


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"ftyp" * 1000, None])
def test_a_broken_video_hides_no_other(client, skills, content) -> None:
    path = skills / "pick up/data/episode_0_main.mp4"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] if content is None else content)
    info = client.get("/api/media/pick%20up/0/main/info")
    assert info.status_code in (200, 422)
    if info.status_code == 200 and content is not None:
        assert info.json()["state"] == "failed"
        assert info.json()["error"]
        assert client.get(VIDEO).status_code == 422
    assert client.get("/api/media/pick%20up/0/main/frame/29.jpg").status_code in (404, 422)
    assert client.get("/api/media/pick%20up/1/main/info").json()["state"] == "ready"
    assert client.get("/api/signals/pick%20up/0").status_code == 200


def test_signals_are_compressed_only_on_request(start_panel, skills) -> None:
    panel = start_panel(skills_dir=skills)
    headers = [*panel.session_headers(), ("Accept-Encoding", "gzip")]
    _, got, body = panel.raw("GET", "/api/signals/raw/0", headers)
    assert got["Content-Encoding"] == "gzip"
    plain = panel.raw("GET", "/api/signals/raw/0", panel.session_headers())[2]
    assert gzip.decompress(body) == plain
