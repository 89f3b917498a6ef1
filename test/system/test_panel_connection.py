"""Lost connections, ended sessions and the log."""

from __future__ import annotations

import os
import re
import shutil
import signal

from driver import change_by_hand
from playwright.sync_api import expect


def test_comes_back_by_itself_after_the_bridge_and_the_node_die(own_robot, browsing) -> None:
    browsing.expected += ["WebSocket connection", "502", "503"]
    page = browsing.open(own_robot)
    card = page.get_by_role("list", name="Skills").get_by_role("link").filter(has_text="fold-towel")
    expect(card).to_be_visible()
    os.kill(own_robot.child("bridge"), signal.SIGKILL)
    banner = page.get_by_text("Connection to the robot lost — reconnecting…")
    expect(banner).to_be_visible()
    # What is known stays readable meanwhile.
    expect(card).to_be_visible()
    expect(banner).to_be_hidden()
    change_by_hand(own_robot.skills / "fold-towel", name="Seen after the bridge")
    expect(card).to_contain_text("Seen after the bridge")

    os.kill(own_robot.child("node"), signal.SIGKILL)
    change_by_hand(own_robot.skills / "fold-towel", name="Seen after the node")
    expect(card).to_contain_text("Seen after the node")
    card.click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Seen after the node")


def test_without_the_robot_says_so_and_comes_back(own_robot, browsing) -> None:
    browsing.expected += ["WebSocket", "Failed to load resource"]
    page = browsing.open(own_robot)
    expect(page.get_by_text(re.compile(r"^\d+ skills$"))).to_be_visible()
    page.context.set_offline(True)
    # An open socket of a browser that is offline stays open: the panel has to find out.
    expect(page.get_by_text("Connection to the robot lost")).to_be_visible(timeout=60_000)
    # What has to be asked for waits, without an error of its own.
    page.evaluate("location.hash = '#/datasets/wipe-table'")
    expect(page.get_by_role("heading", name="Wipe table")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.context.set_offline(False)
    expect(page.get_by_role("list", name="Episodes").get_by_role("link").first).to_be_visible()
    expect(page.get_by_text("Connection to the robot lost")).to_be_hidden()
    expect(page.locator("[data-connection=open]")).to_be_visible()


def test_signing_out_leads_to_the_sign_in_page_in_every_tab(own_robot, browsing) -> None:
    browsing.expected += ["401", "WebSocket connection"]
    page = browsing.open(own_robot)
    expect(page.get_by_text(re.compile(r"^\d+ skills$"))).to_be_visible()
    other = page.context.new_page()
    other.goto(f"{own_robot.url}/#/datasets")
    expect(other.get_by_role("list", name="Datasets")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    for tab in (page, other):
        expect(tab.get_by_role("heading", name="Sign in to Training Manager")).to_be_visible()


def test_the_log_is_complete_and_can_be_narrowed(own_robot, browsing, sample_skills) -> None:
    page = browsing.open(own_robot)
    button = page.get_by_role("button", name=re.compile("^Log"))
    button.click()
    lines = page.get_by_role("log", name="Log lines")
    expect(lines).to_contain_text("A client has connected")
    folder = own_robot.skills / "made-for-the-log"
    shutil.copytree(sample_skills / "wave-hello", folder)
    page.get_by_label("Least serious level shown").select_option("error")
    expect(lines.get_by_text("A client has connected")).to_have_count(0)
    page.get_by_label("Least serious level shown").select_option("info")
    page.get_by_label("Search the log").fill("client has connected")
    expect(lines.get_by_text("A client has connected").first).to_be_visible()

    page.get_by_role("button", name="Pause").click()
    before = lines.inner_text()
    browsing.open(own_robot)
    expect(page.get_by_role("button", name=re.compile(r"Resume \(\d+\)"))).to_be_visible()
    assert lines.inner_text() == before
    page.get_by_role("button", name=re.compile("Resume")).click()
    expect(lines).not_to_have_text(before)

    button.click()
    browsing.open(own_robot)
    expect(button).to_contain_text(re.compile(r"\d+ new"))


def test_the_log_has_every_line_once_after_a_reload(own_robot, browsing) -> None:
    page = browsing.open(own_robot)
    for _ in range(2):
        page.get_by_role("button", name=re.compile("^Log")).click()
        page.get_by_label("Search the log").fill("Watching")
        lines = page.get_by_role("log", name="Log lines").locator("p")
        expect(lines.first).to_be_visible()
        texts = lines.all_inner_texts()
        assert len(texts) == len(set(texts))
        page.reload()
