"""Chromium at the panel server: pairing, the sign-in page, other sites, and video by Range."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Iterator

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SHOW = """async ([url, times]) => {
  const video = document.createElement("video");
  video.muted = true;
  video.preload = "auto";
  document.body.append(video);
  await new Promise((resolve, reject) => {
    video.onloadeddata = resolve;
    video.onerror = () => reject(new Error(video.error.message));
    video.src = url;
  });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const shown = [];
  for (const time of times) {
    const presented = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    await new Promise((resolve) => { video.onseeked = resolve; video.currentTime = time; });
    await Promise.race([presented, new Promise((resolve) => setTimeout(resolve, 300))]);
    context.drawImage(video, 0, 0, 8, 8);
    shown.push(context.getImageData(4, 4, 1, 1).data[0]);
  }
  video.remove();
  return shown;
}"""

OTHER_SITE = """async (panel) => {
  const tried = {};
  const settle = (name, promise) =>
    promise.then((value) => (tried[name] = value), (error) => (tried[name] = "refused"));
  await settle("fetch", fetch(panel + "/api/session", { credentials: "include" })
    .then((answer) => answer.text()));
  await settle("blind", fetch(panel + "/sign-out",
    { method: "POST", mode: "no-cors", credentials: "include" }).then((answer) => answer.type));
  await settle("image", new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve("shown");
    image.onerror = reject;
    image.src = panel + "/api/media/pick%20up/0/thumbnail.jpg";
  }));
  await settle("socket", new Promise((resolve, reject) => {
    const socket = new WebSocket(panel.replace("http", "ws") + "/rosbridge");
    socket.onopen = () => resolve("open");
    socket.onerror = reject;
  }));
  await settle("frame", new Promise((resolve, reject) => {
    const frame = document.createElement("iframe");
    frame.onload = () => {
      try { resolve(frame.contentDocument ? "empty" : "refused"); } catch { resolve("refused"); }
    };
    frame.src = panel + "/";
    document.body.append(frame);
  }));
  return tried;
}"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(executable_path=program, args=FLAGS)
        except playwright.Error as error:
            pytest.skip(f"needs Chromium: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def context(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context
    context.close()


def watch(page) -> tuple[list[str], list[str]]:
    """What the page complains about, and where it sends requests to."""
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    return complaints, asked


@pytest.fixture
def other_site() -> Iterator[str]:
    """A page of somebody else on another port of this host, which is the same site to cookies."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>other</title><body>")

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_pairing_link(panel, context) -> None:
    page = context.new_page()
    complaints, _ = watch(page)
    page.goto(f"{panel.url}/?token={panel.token}#/skills/x")
    page.wait_for_url(f"{panel.url}/#/skills/x")
    assert page.title() == "The panel"
    assert page.evaluate("document.cookie") == ""
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert not complaints
    page.goto(panel.url)
    page.go_back()
    assert panel.token not in page.url


def test_the_sign_in_page_on_a_phone(panel, context) -> None:
    page = context.new_page()
    complaints, asked = watch(page)
    page.goto(f"{panel.url}/#/datasets/x")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.activeElement.name") == "token"
    assert not complaints  # styles and script pass the policy
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {
        panel.url.split("/")[2]
    }
    page.fill("#token", "wrong")
    page.click("button")
    page.wait_for_selector("[role=alert]")
    page.fill("#token", f" {panel.url}/?token={panel.token} ")
    page.click("button")
    page.wait_for_url(f"{panel.url}/#/datasets/x")
    assert page.title() == "The panel"


def test_a_link_on_another_site_leads_into_the_panel(panel, context) -> None:
    page = context.new_page()
    page.goto(f"{panel.url}/?token={panel.token}")
    other = context.new_page()
    other.route(
        "http://other.example/",
        lambda route: route.fulfill(
            body=f'<a href="{panel.url}/#/skills/x">go</a>', content_type="text/html"
        ),
    )
    other.goto("http://other.example/")
    other.click("a")
    other.wait_for_function("document.title === 'The panel'")
    assert other.url == f"{panel.url}/#/skills/x"


@pytest.mark.parametrize("auth", [True, False])
def test_other_sites_get_nothing(start_panel, context, other_site, made_skills, auth) -> None:
    panel = start_panel(auth=auth, skills_dir=made_skills)
    page = context.new_page()
    page.goto(f"{panel.url}/?token={panel.token if auth else ''}")
    assert page.title() == "The panel"
    page.goto(other_site)
    tried = page.evaluate(OTHER_SITE, panel.url)
    assert tried == {
        "fetch": "refused",
        "blind": tried["blind"],  # an opaque answer says nothing
        "image": "refused",
        "socket": "refused",
        "frame": "refused",
    }
    page.goto(panel.url)
    assert page.title() == "The panel"  # still signed in


def test_a_video_is_sought_by_range(start_panel, context, made_skills) -> None:
    panel = start_panel(skills_dir=made_skills)
    page = context.new_page()
    complaints, _ = watch(page)
    page.goto(f"{panel.url}/?token={panel.token}")
    ranges: list[tuple[int, str]] = []
    page.on(
        "response",
        lambda answer: (
            ranges.append((answer.status, answer.headers.get("content-range", "")))
            if ".mp4" in answer.url
            else None
        ),
    )
    info = page.evaluate("fetch('/api/media/pick%20up/0/main/info').then((a) => a.json())")
    frames = [0, 29, 11, 10, 9, 28, 1]
    times = [info["start_time"] + (frame + 0.5) / info["rate"] for frame in frames]
    shown = page.evaluate(SHOW, [info["url"], times])
    assert [round(value / 8) for value in shown] == frames
    assert ranges
    assert {status for status, _ in ranges} == {206}
    assert not complaints


def test_signing_out_in_one_tab_locks_the_others(panel, context) -> None:
    one, two = context.new_page(), context.new_page()
    one.goto(f"{panel.url}/?token={panel.token}")
    two.goto(panel.url)
    assert two.title() == "The panel"
    status = one.evaluate("fetch('/sign-out', { method: 'POST' }).then((a) => a.status)")
    assert status == 200  # the sign-in page that it leads to
    assert two.evaluate("fetch('/api/session').then((a) => a.status)") == 401
    two.reload()
    assert two.title().startswith("Sign in")
    assert not context.cookies()
