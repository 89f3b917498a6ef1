"""Editing datasets in a real browser: select, see the plan, name the copy, watch it, open it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from driver import Player, until
from making import index, numbers, repeat
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def nine(own_robot, sample_skills, request) -> Path:
    """A skill of this test's own with nine episodes."""
    name = re.sub(r"\W+", " ", request.node.name.removeprefix("test_")).replace("_", " ")
    folder = own_robot.skills / name.replace(" ", "-")
    return repeat(sample_skills / "fold-towel", folder, name.capitalize(), 3)


def dataset(browsing: Any, robot: Any, skill: Path, **context: Any) -> Page:
    page: Page = browsing.open(robot, f"#/datasets/{skill.name}", **context)
    expect(box(page, 0)).to_be_visible()
    return page


def box(page: Page, episode: int) -> Locator:
    return page.get_by_role("checkbox", name=f"Select episode {episode}", exact=True)


def choose(page: Page, menu: str, item: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=item).click()


def open_result(page: Page, made: str) -> None:
    """Wait for the new skill under the page, and go there."""
    jobs = page.get_by_role("region", name="Jobs")
    expect(jobs).to_contain_text(f"→ {made}: done")
    jobs.get_by_role("link", name="Open the result").click()


def test_selects_a_range_sees_the_plan_and_opens_the_copy(own_robot, browsing, nine) -> None:
    page = dataset(browsing, own_robot, nine)
    selection = page.get_by_role("region", name="Selection")
    box(page, 5).click()
    box(page, 2).click(modifiers=["Shift"])
    expect(selection).to_contain_text("4 selected")
    # On the row itself, too: Ctrl leaves one out, Shift goes on from there.
    row = page.get_by_role("list", name="Episodes").get_by_role("link")
    row.nth(4).click(modifiers=["ControlOrMeta"])
    expect(selection).to_contain_text("3 selected")
    row.nth(7).click(modifiers=["Shift"])
    expect(selection).to_contain_text("6 selected")
    choose(page, "Select", "The others")
    expect(selection).to_contain_text("3 selected")
    for episode, chosen in enumerate([True, True, False, False, False, False, False, False, True]):
        expect(box(page, episode)).to_be_checked(checked=chosen)

    selection.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete 3 episodes")
    expect(dialog).to_contain_text("0\N{EN DASH}1, 8")
    plan = dialog.get_by_role("region", name="Plan")
    expect(plan).to_contain_text(re.compile(r"Episodes\s*6"))
    expect(plan).to_contain_text("Shared with the source")
    name = dialog.get_by_label("Name of the new skill")
    make = dialog.get_by_role("button", name="Make the copy")
    expect(name).to_be_focused()

    name.fill("Fold towel!")
    expect(dialog).to_contain_text("There is already a skill in the folder fold-towel.")
    expect(make).to_be_disabled()
    name.fill("Six are left")
    expect(dialog).to_contain_text("six-are-left")
    make.click()
    expect(dialog).to_be_hidden()
    open_result(page, "Six are left")
    expect(page).to_have_url(re.compile("#/datasets/six-are-left$"))
    expect(page.get_by_role("checkbox", name=re.compile("^Select episode"))).to_have_count(6)
    assert numbers(own_robot.skills / "six-are-left") == [2, 3, 4, 5, 6, 7]
    assert numbers(nine) == list(range(9))


def test_a_range_reaches_over_episodes_that_were_never_looked_at(
    own_robot, browsing, sample_skills
) -> None:
    many = repeat(sample_skills / "fold-towel", own_robot.skills / "many", "Many", 101)
    page = dataset(browsing, own_robot, many)
    box(page, 1).click()
    page.get_by_role("list", name="Episodes").locator("..").evaluate("all => all.scrollTo(0, 1e6)")
    box(page, 302).click(modifiers=["Shift"])
    expect(page.get_by_role("region", name="Selection")).to_contain_text("302 selected")
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog", name="Delete 302 episodes")
    expect(dialog).to_contain_text("1\N{EN DASH}302")
    expect(dialog.get_by_role("region", name="Plan")).to_contain_text(re.compile(r"Episodes\s*1"))


def test_marks_by_key_and_deletes_what_is_rejected(own_robot, browsing, nine) -> None:
    page = dataset(browsing, own_robot, nine)
    page.get_by_role("list", name="Episodes").get_by_role("link").nth(2).click()
    Player(page).wait_for_frame(0)
    marks = page.get_by_role("group", name="Marks")
    page.keyboard.press("x")
    expect(marks.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("n")
    note = page.get_by_role("dialog", name="Note on episode 2").get_by_label("Note")
    expect(note).to_be_focused()
    page.keyboard.type("next: kicks the box")  # with keys that mean something elsewhere
    expect(note).to_have_value("next: kicks the box")
    page.keyboard.press("Control+Enter")
    expect(note).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", name="Episode 3")).to_be_visible()
    Player(page).wait_for_frame(0)
    page.keyboard.press("k")
    expect(marks.get_by_role("button", name="Keep")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Mark as rejected")
    page.keyboard.press("Escape")

    # The keyboard alone, in the list: down to a row, select on the way, mark, unmark one.
    page.get_by_role("button", name="Close the episode").click()
    page.get_by_role("list", name="Episodes").get_by_role("link").nth(6).focus()
    page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_role("region", name="Selection")).to_contain_text("2 selected")
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    marked = nine / "data" / ".training_manager.json"

    def verdicts() -> dict[str, str]:
        marks = json.loads(marked.read_text())["marks"] if marked.exists() else {}
        return {episode: mark.get("verdict", "") for episode, mark in marks.items()}

    expected = {"2": "reject", "3": "keep", "6": "reject", "7": "reject"}
    until(lambda: verdicts() == expected, f"{expected} are marked, not {verdicts()}")

    page.reload()
    page.get_by_label("Show episodes").select_option("Rejected")
    rows = page.get_by_role("list", name="Episodes").get_by_role("link")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("next: kicks the box")
    choose(page, "Select", "Rejected")
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog", name="Delete 3 episodes")
    dialog.get_by_label("Name of the new skill").fill("Good ones")
    dialog.get_by_role("button", name="Make the copy").click()
    open_result(page, "Good ones")
    expect(page.get_by_role("list", name="Episodes").get_by_role("link")).to_have_count(6)
    expect(page.get_by_role("list", name="Episodes").get_by_role("link").nth(2)).to_contain_text(
        "keep"
    )
    assert numbers(own_robot.skills / "good-ones") == [0, 1, 3, 4, 5, 8]


def test_marks_show_in_another_browser(own_robot, browsing, nine) -> None:
    other = dataset(browsing, own_robot, nine)
    page = dataset(browsing, own_robot, nine)
    page.get_by_role("list", name="Episodes").get_by_role("link").nth(6).focus()
    page.keyboard.press("x")
    row = other.get_by_role("list", name="Episodes").get_by_role("link").nth(6)
    expect(row).to_contain_text("reject")


def test_checks_and_selects_what_was_found(own_robot, browsing, nine) -> None:
    broken = nine / "data" / "episode_4_camera_2.mp4"
    content = broken.read_bytes()
    broken.unlink()  # it is a link to the sample
    broken.write_bytes(content[: len(content) // 3])
    page = dataset(browsing, own_robot, nine)
    page.get_by_role("button", name="Check", exact=True).click()
    panel = page.get_by_role("region", name="Check")
    panel.get_by_role("button", name="Check now").click()
    found = panel.get_by_role("list", name="Findings").get_by_role("listitem").first
    expect(found).to_contain_text("error")
    expect(found.get_by_role("link", name="Episode 4")).to_be_visible()
    row = page.get_by_role("list", name="Episodes").get_by_role("link").nth(4)
    expect(row).to_contain_text("the worst: error")
    found.get_by_role("button", name="Select 1 episode").click()
    expect(box(page, 4)).to_be_checked()
    expect(page.get_by_role("region", name="Selection")).to_contain_text("1 selected")
    row.click()
    expect(page.get_by_role("region", name="Findings")).to_contain_text("error")
    page.get_by_role("button", name="Close the episode").click()
    expect(panel).not_to_contain_text("has changed")
    os.utime(nine / "data" / "episode_0.h5")
    # Nothing of the list changes by that: the result is asked for again when the page is opened.
    page.reload()
    page.get_by_role("button", name=re.compile("^Check")).click()
    expect(panel).to_contain_text("The dataset has changed since this check")


def test_a_broken_episode_says_what_is_wrong_with_it(own_robot, browsing, nine) -> None:
    for file in (nine / "data").glob("episode_1*"):
        start = file.read_bytes()[:500]
        file.unlink()  # it is linked
        file.write_bytes(start)
    page = dataset(browsing, own_robot, nine)
    row = page.get_by_role("list", name="Episodes").get_by_role("link").nth(1)
    expect(row).to_contain_text("episode_1.h5 can't be opened")
    expect(row).not_to_contain_text("0 s")
    row.click()
    episode = page.get_by_role("region", name="Episode 1")
    expect(episode).to_contain_text("episode_1_camera_2.mp4 is cut off")
    expect(episode.get_by_role("heading", name="No pictures")).to_be_visible()
    expect(page.get_by_role("group", name="Player")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    Player(page).wait_for_frame(0)


def test_merges_with_cameras_mapped(own_robot, browsing, nine) -> None:
    other = repeat(own_robot.skills / "fold-towel", own_robot.skills / "front", "Front", 1)
    for file in (other / "data").glob("*_camera_1.mp4"):
        file.rename(file.with_name(file.name.replace("camera_1", "front")))
    listed = other / "data" / "dataset_metadata.json"
    listed.write_text(listed.read_text().replace("camera_1", "front"))

    page = dataset(browsing, own_robot, nine)
    page.get_by_role("button", name="Merge datasets").click()
    dialog = page.get_by_role("dialog", name="Merge datasets")
    opened = nine.name.replace("-", " ").capitalize()
    sources = dialog.get_by_role("list", name="Sources").locator("> li")
    expect(sources).to_contain_text([opened])
    expect(dialog.get_by_role("button", name="Add Wipe table")).to_be_disabled()
    dialog.get_by_role("button", name=f"Leave {opened} out").click()
    expect(dialog.get_by_role("button", name="Add Wipe table")).to_be_enabled()
    dialog.get_by_role("button", name="Add Front").click()
    dialog.get_by_role("button", name=f"Add {opened}").click()
    expect(sources).to_have_count(2)
    start = dialog.get_by_role("button", name="Merge", exact=True)
    expect(dialog.get_by_role("alert")).to_contain_text("The cameras differ")
    expect(start).to_be_disabled()
    dialog.get_by_label("New name of camera front").fill("camera_1")
    expect(dialog.get_by_role("alert")).to_be_hidden()
    dialog.get_by_role("button", name="Move Front down").click()
    episodes = sources.nth(0).get_by_label("Episodes")
    episodes.fill("8-7")
    expect(sources.nth(0)).to_contain_text("runs backwards")
    expect(start).to_be_disabled()
    episodes.fill("8, 0-1")
    expect(dialog.get_by_role("region", name="Plan")).to_contain_text(re.compile(r"Episodes\s*6"))
    dialog.get_by_label("Name of the new skill").fill("Both together")
    start.click()
    open_result(page, "Both together")
    expect(page.get_by_role("list", name="Episodes").get_by_role("link")).to_have_count(6)
    made = own_robot.skills / "both-together"
    assert numbers(made) == [8, 0, 1, 0, 1, 2]
    files = [file for episode in index(made)["episodes"] for file in episode["video_files"]]
    assert {re.sub(r"episode_\d+_", "", file) for file in files} == {"camera_1.mp4", "camera_2.mp4"}


def test_converts_in_place(own_robot, browsing, sample_skills) -> None:
    raw = repeat(sample_skills / "pick-up-cup", own_robot.skills / "raw-cup", "Raw cup", 1)
    page = dataset(browsing, own_robot, raw)
    choose(page, "More actions", "Convert to video…")
    dialog = page.get_by_role("dialog", name="Convert to video")
    expect(dialog.get_by_role("region", name="Plan")).to_contain_text("Stays as it is")
    dialog.get_by_text("Drop them").click()
    dialog.get_by_role("button", name="Convert and drop raw images").click()
    header = page.get_by_role("region", name="Dataset", exact=True).locator("header").first
    expect(header).to_contain_text("2 episodes · h264")
    expect(page.get_by_role("list", name="Episodes")).not_to_contain_text("raw")
    assert index(raw)["dataset_type"] == "h264"


def test_a_thumb_is_enough(own_robot, browsing, nine) -> None:
    page = dataset(
        browsing,
        own_robot,
        nine,
        viewport={"width": 390, "height": 844},
        is_mobile=True,
        has_touch=True,
    )
    box(page, 1).tap()
    box(page, 3).tap()
    selection = page.get_by_role("region", name="Selection")
    expect(selection).to_contain_text("2 selected")
    selection.get_by_role("button", name="Keep").tap()
    rows = page.get_by_role("list", name="Episodes").get_by_role("link")
    expect(rows.nth(3)).to_contain_text("keep")
    selection.get_by_role("button", name="Delete…").tap()
    dialog = page.get_by_role("dialog", name="Delete 2 episodes")
    make = dialog.get_by_role("button", name="Make the copy")
    expect(make).to_be_enabled()
    expect(make).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    dialog.get_by_role("button", name="Cancel").tap()
    expect(selection).to_be_visible()
