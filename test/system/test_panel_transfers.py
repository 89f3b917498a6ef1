"""Uploads in a real browser: steered, limited, refused, and held up by a lost server."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from driver import button, until, without_server
from playwright.sync_api import Locator, Page, expect

SLOW = "0.02"  # MB/s: what is to be seen while it goes on takes its time
SERVER = """\
default_preset = "smoke"
stop_runs = true
stop_grace = 0.5
"""


@pytest.fixture(scope="module")
def carrier(sample_skills, start_real_robot, tmp_path_factory) -> Any:
    """A robot with some skills that are to be uploaded, and a training server."""
    folder = tmp_path_factory.mktemp("carrier")
    for name in ("pick-up-cup", "fold-towel", "stack-blocks", "sort-fruit"):
        shutil.copytree(sample_skills / name, folder / "skills" / name, symlinks=True)
    server = folder / "server"
    server.mkdir()
    (server / "server.toml").write_text(SERVER)
    return start_real_robot(folder / "skills", "--own-server", str(server))


def upload_dialog(page: Page) -> Locator:
    """The upload of the dataset whose page is open."""
    page.locator("[data-actions]").get_by_role("button", name=re.compile("^Upload")).click()
    return page.get_by_role("dialog", name=re.compile("^Upload"))


def limit(dialog: Locator, text: str) -> None:
    """What an upload takes at most, in MB/s."""
    box = dialog.get_by_label("At most")
    if not box.is_visible():
        dialog.get_by_text("Options").click()
    box.fill(text)


def rate(place: Locator) -> float:
    """How fast a transfer goes, as it says itself, in kB/s."""
    found = re.search(r"([\d.]+) (k?)B/s", place.inner_text())
    return float(found[1]) / (1 if found[2] else 1000) if found else 0.0


def test_an_upload_is_limited_paused_resumed_and_cancelled(carrier, browsing) -> None:
    page = browsing.open(carrier, "#/datasets/fold-towel")
    dialog = upload_dialog(page)
    limit(dialog, "fast")
    expect(dialog).to_contain_text("Must be a number above 0")
    expect(button(dialog, "Upload")).to_be_disabled()
    limit(dialog, SLOW)
    button(dialog, "Upload").click()
    bar = dialog.get_by_role("progressbar", name="Upload")
    expect(bar).to_be_visible()
    until(lambda: 0 < rate(dialog) < 60, "it is held back: the first piece goes at once")

    button(dialog, "Pause").click()
    expect(dialog).to_contain_text("Paused")
    expect(page.get_by_role("button", name=re.compile("^Jobs"))).to_contain_text("Paused")
    page.reload()
    dialog = upload_dialog(page)
    expect(dialog).to_contain_text("Paused")
    button(dialog, "Resume").click()
    expect(dialog).not_to_contain_text("Paused")
    button(dialog, "Cancel").click()
    expect(dialog).to_contain_text("The last upload was cancelled")
    expect(dialog.locator("[data-upload-state='not uploaded whole']")).to_be_visible()

    limit(dialog, "")
    button(dialog, "Upload what is missing").click()
    expect(dialog.locator("[data-upload-state=uploaded]")).to_be_visible()
    button(dialog, "Compare with the server").click()
    expect(dialog).to_contain_text("Nothing had to be sent.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-actions]").get_by_role("button", name="Upload")).to_be_focused()


def test_raw_images_are_sent_as_they_are_where_it_is_asked_for(carrier, browsing) -> None:
    data: Path = carrier.skills / "stack-blocks" / "data"
    page = browsing.open(carrier, "#/datasets/stack-blocks")
    raw = data / "episode_2.h5"
    size = raw.stat().st_size
    dialog = upload_dialog(page)
    dialog.get_by_text("Options").click()
    dialog.get_by_label("Send the raw images of 1 episode as they are").check()
    button(dialog, "Upload").click()
    expect(dialog.locator("[data-upload-state=uploaded]")).to_be_visible()
    expect(dialog).to_contain_text(re.compile(r"\d+ files sent, 24\.\d MB"))
    assert raw.stat().st_size == size
    assert not list(data.glob("episode_2_*.mp4"))


def test_a_copy_becomes_a_skill_of_its_own(carrier, browsing) -> None:
    page = browsing.open(carrier, "#/datasets/sort-fruit")
    dialog = upload_dialog(page)
    button(dialog, "Upload").click()
    expect(dialog.locator("[data-upload-state=uploaded]")).to_be_visible()
    button(dialog, "Close").click()
    shutil.copytree(carrier.skills / "sort-fruit", carrier.skills / "sort-more")

    page.goto(f"{carrier.url}/#/datasets/sort-more")
    dialog = upload_dialog(page)
    expect(dialog).to_contain_text("would replace the files of sort-fruit")
    expect(button(dialog, "Upload")).to_be_hidden()
    button(dialog, "Upload as a skill of its own").click()
    expect(dialog.locator("[data-upload-state=uploaded]")).to_be_visible()
    expect(dialog).not_to_contain_text("would replace")


def test_transfers_wait_for_a_lost_server_and_go_on(carrier, browsing) -> None:
    page = browsing.open(carrier, "#/datasets/pick-up-cup")
    dialog = upload_dialog(page)
    limit(dialog, SLOW)
    button(dialog, "Upload").click()
    expect(dialog.get_by_role("progressbar", name="Upload")).to_be_visible()
    until(lambda: rate(dialog) > 0, "the upload is on its way")
    with without_server(carrier, carrier.skills.parent / "server"):
        expect(dialog.get_by_role("status")).to_contain_text("again")
        button(dialog, "Cancel").click()
        expect(dialog).to_contain_text("The last upload was cancelled")
        limit(dialog, "")
        button(dialog, "Upload what is missing").click()
        expect(dialog.get_by_role("status")).to_contain_text("again")
    expect(dialog.locator("[data-upload-state=uploaded]")).to_be_visible()
