"""What holds for every page of the panel: phone and desk, light and dark, keyboard and labels."""

from __future__ import annotations

import re

import pytest
from driver import Player
from playwright.sync_api import Page, expect

PLACES = [
    "#/skills",
    "#/skills/fold-towel",
    "#/skills/wave",
    "#/datasets",
    "#/datasets/pick-up-cup",
    "#/datasets/pick-up-cup/0",
    "#/training",
]

# Controls without a name.
NAMELESS = """() => [...document.querySelectorAll(
    "button, a[href], input, select, textarea, [role=slider]")]
  .filter((element) => element.checkVisibility())
  .filter((element) => !(element.getAttribute("aria-label") || element.labels?.length
    || element.innerText?.trim() || element.title))
  .map((element) => element.outerHTML.slice(0, 200))"""

# Controls that are too small for a thumb; a link within a text may be.
SMALL = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, summary")]
  .filter((element) => element.checkVisibility() && getComputedStyle(element).display !== "inline")
  .map((element) => [element, (element.closest("label") ?? element).getBoundingClientRect()])
  .filter(([, { width, height }]) => width > 1 && height > 1)  // but for screen readers
  .filter(([, { width, height }]) => Math.min(width, height) < 43)
  .map(([element, { width, height }]) =>
    `${width} x ${height}: ${element.outerHTML.slice(0, 200)}`)"""

# Text whose contrast against what is behind it is below 4.5 : 1 (3 : 1 when large).
FAINT = """() => {
  const colour = (text) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const pen = canvas.getContext("2d");
    pen.fillStyle = text;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found[3] > 250) return found;
      if (found[3] > 0) return null;  // translucent over pictures: not judged
    }
    return [255, 255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim()) continue;
    if (!element.checkVisibility({ opacityProperty: true })) continue;
    if (element.closest("figure, [disabled], .sr-only")) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    if (!ground) continue;
    const [a, b] = [light(colour(style.color)), light(ground)].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < (parseFloat(style.fontSize) >= 18 ? 3 : 4.5))
      faint.push(`${contrast.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 60)}`);
  }
  return faint;
}"""


def settle(page: Page, place: str) -> None:
    page.goto(f"{page.url.split('#')[0]}{place}")
    expect(page.get_by_role("main")).to_be_visible()
    expect(
        page.get_by_role("main").get_by_role("heading").or_(page.get_by_role("list")).first
    ).to_be_visible()
    if re.search(r"/\d+$", place):
        Player(page).wait_for_frame(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "size", [(390, 844), (820, 1180), (1440, 900)], ids=["phone", "tablet", "desk"]
)
def test_every_page_fits_and_can_be_read(samples_robot, browsing, size, scheme) -> None:
    width, height = size
    page = browsing.open(
        samples_robot,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        is_mobile=width < 500,
        has_touch=width < 500,
    )
    for place in PLACES:
        settle(page, place)
        wide, visible = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert (wide, visible) == (width, width), place
        assert page.evaluate(NAMELESS) == [], place
        assert page.evaluate(FAINT) == [], place
        if width < 500:
            assert page.evaluate(SMALL) == [], place


def test_a_phone_goes_from_list_to_detail_and_back(samples_robot, browsing) -> None:
    page = browsing.open(
        samples_robot, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    pages = page.get_by_role("navigation", name="Pages").filter(visible=True)
    pages.get_by_role("link", name="Datasets").tap()
    page.get_by_role("list", name="Datasets").get_by_role("link").filter(
        has_text="Fold towel"
    ).tap()
    page.get_by_role("list", name="Episodes").get_by_role("link").first.tap()
    player = Player(page)
    player.wait_for_frame(0)
    heading = page.get_by_role("heading", name="Episode 0").get_by_text("Episode 0")
    assert heading.evaluate("(text) => text.getClientRects().length") == 1  # in one line
    page.get_by_role("button", name="One frame forward").tap()
    player.wait_for_frame(1)
    # What a thumb works is in its reach: in the lower half.
    for name in ("Play", "One frame back", "One frame forward"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box
        assert box["y"] > 422
        assert min(box["width"], box["height"]) >= 44
    page.get_by_role("link", name="Back to the episodes").tap()
    page.get_by_role("link", name="Back to the datasets").tap()
    expect(page.get_by_role("list", name="Datasets")).to_be_visible()
    pages.get_by_role("link", name="Skills").tap()
    page.get_by_role("list", name="Skills").get_by_role("link").first.tap()
    page.get_by_role("navigation", name="Back").get_by_role("link").tap()
    expect(page.get_by_role("list", name="Skills")).to_be_visible()


def test_the_theme_follows_the_device_until_it_is_chosen(samples_robot, browsing) -> None:
    page = browsing.open(samples_robot, color_scheme="dark")
    html = page.locator("html")
    expect(html).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(html).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Switch to light").click()
    page.get_by_role("button", name="Switch to dark").click()
    expect(html).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(html).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Switch to system").click()
    expect(html).to_have_attribute("data-theme", "light")


def test_the_keyboard_alone_opens_a_skill(samples_robot, browsing) -> None:
    page = browsing.open(samples_robot)
    expect(page.get_by_role("list", name="Skills").get_by_role("link").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.get_attribute("href"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("form", name="Settings")).to_be_visible()


def test_first_load_is_small_compressed_and_cached(samples_robot, browsing) -> None:
    page = browsing.open(samples_robot)
    expect(page.get_by_text(re.compile(r"^\d+ skills$"))).to_be_visible()
    sizes = """() => performance.getEntriesByType("resource")
      .filter((entry) => new URL(entry.name).pathname.endsWith(".js"))
      .map((entry) => [entry.transferSize, entry.encodedBodySize, entry.decodedBodySize])"""
    scripts = page.evaluate(sizes)
    assert scripts
    assert sum(encoded for _, encoded, _ in scripts) <= 250_000
    assert all(encoded < decoded * 0.6 for _, encoded, decoded in scripts if decoded > 1000)
    page.reload()
    expect(page.get_by_text(re.compile(r"^\d+ skills$"))).to_be_visible()
    assert all(transferred == 0 for transferred, _, _ in page.evaluate(sizes))
