"""Jobs in a real browser: seen by everybody, over reloads and lost connections, to every end."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from driver import until
from making import index, repeat
from playwright.sync_api import Locator, Page, expect

from training_manager_ros.jobs import SkillLocks


@pytest.fixture
def skill(own_robot, sample_skills, request) -> Path:
    """A skill of this test's own with three episodes."""
    name = request.node.name.removeprefix("test_").replace("_", "-")
    return repeat(sample_skills / "fold-towel", own_robot.skills / name, name, 1)


@pytest.fixture
def busy(own_robot, skill):
    """Other work on the skill, which goes on until it is released."""
    with SkillLocks(own_robot.skills / ".training_manager" / "locks") as locks:
        assert not locks.acquire((), (skill.name,))
        yield locks


def delete_first(page: Page, name: str) -> Locator:
    """Ask for a copy without episode 0; the dialog, which closes once the job is started."""
    first = page.get_by_role("checkbox", name="Select episode 0")
    if not first.is_checked():
        first.click()
    page.get_by_role("button", name="Delete…").click()
    dialog: Locator = page.get_by_role("dialog", name="Delete 1 episode")
    dialog.get_by_label("Name of the new skill").fill(name)
    dialog.get_by_role("button", name="Make the copy").click()
    return dialog


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Jobs")


def row(page: Page, text: str) -> Locator:
    """A job among all jobs, which are shown for that."""
    jobs = bar(page).get_by_role("button", name=re.compile("^Jobs"))
    if jobs.get_attribute("aria-expanded") == "false":
        jobs.click()
    found: Locator = bar(page).get_by_role("listitem").filter(has_text=text)
    return found


def test_one_that_waits_is_seen_by_everybody_and_cancelled(
    own_robot, browsing, skill, busy
) -> None:
    page, other = (browsing.open(own_robot, f"#/datasets/{skill.name}") for _ in range(2))
    expect(delete_first(page, "Never made")).to_be_hidden()
    # What only the robot knows is said where it was asked: the very same work waits already.
    again = delete_first(page, "Never made")
    expect(again.get_by_role("alert")).to_contain_text("The same job is already queued")
    again.get_by_role("button", name="Cancel").click()
    expect(bar(page)).to_contain_text(f"Delete 1 episode of {skill.name}")
    expect(row(other, "Never made")).to_contain_text(f"Waits for other work on {skill.name}")
    # Jobs and log together leave room for the page itself.
    other.set_viewport_size({"width": 1280, "height": 600})
    other.get_by_role("button", name=re.compile("^Log")).click()
    expect(other.get_by_role("log", name="Log lines")).to_be_visible()
    main = other.get_by_role("main").bounding_box()
    assert main
    assert main["height"] >= 240
    other.goto(other.url.split("#")[0] + "#/skills")
    page.reload()
    expect(row(page, "Never made")).to_contain_text("Waiting")
    row(other, "Never made").get_by_role("button", name=re.compile("^Cancel")).click()
    for each in (page, other):
        expect(row(each, "Never made")).to_have_attribute("data-state", "cancelled")
    assert not (own_robot.skills / "never-made").exists()


def test_goes_on_while_nobody_looks(own_robot, browsing, skill, busy) -> None:
    page = browsing.open(own_robot, f"#/datasets/{skill.name}")
    browsing.expected += ["WebSocket", "502", "503"]
    expect(delete_first(page, "Made meanwhile")).to_be_hidden()
    expect(row(page, "Made meanwhile")).to_contain_text("Waiting")
    os.kill(own_robot.child("bridge"), signal.SIGKILL)
    busy.release()
    made = own_robot.skills / "made-meanwhile"
    until(made.exists, "the job runs without a browser")
    done = row(page, "Made meanwhile")
    expect(done).to_have_attribute("data-state", "done")
    done.get_by_role("link", name="Open the result").click()
    expect(page).to_have_url(re.compile("#/datasets/made-meanwhile$"))
    assert len(index(made)["episodes"]) == 2


def test_one_that_fails_says_why(own_robot, browsing, skill, busy) -> None:
    page = browsing.open(own_robot, f"#/datasets/{skill.name}")
    expect(delete_first(page, "Fails")).to_be_hidden()
    expect(row(page, "Fails")).to_contain_text("Waiting")
    shutil.rmtree(skill)
    busy.release()
    failed = row(page, "Fails")
    expect(failed).to_have_attribute("data-state", "failed")
    expect(failed).to_contain_text(re.compile(r"There is no .*\."))
    expect(failed.get_by_role("link")).to_have_count(0)


def test_one_that_runs_is_paused_and_cancelled(own_robot, browsing, sample_skills) -> None:
    skill = repeat(sample_skills / "pick-up-cup", own_robot.skills / "long", "Long", 25)
    before: Any = index(skill)
    page = browsing.open(own_robot, f"#/datasets/{skill.name}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Convert to video…").click()
    page.get_by_role("dialog").get_by_role("button", name="Convert", exact=True).click()
    running = row(page, "Convert Long")
    expect(running).to_have_attribute("data-state", "running")
    expect(running).to_contain_text(re.compile(r"\d+ of \d+"))
    # The page of what is being changed says so, too.
    expect(page.get_by_role("progressbar", name="Conversion")).to_be_visible()
    running.get_by_role("button", name=re.compile("^Pause")).click()
    expect(running).to_contain_text("Paused")
    page.reload()
    running = row(page, "Convert Long")
    running.get_by_role("button", name=re.compile("^Resume")).click()
    expect(running).not_to_contain_text("Paused")
    running.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(running).to_have_attribute("data-state", "cancelled")
    assert [one["file_name"] for one in index(skill)["episodes"]] == [
        one["file_name"] for one in before["episodes"]
    ]
