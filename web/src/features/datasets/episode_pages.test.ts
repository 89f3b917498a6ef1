import { describe, expect, it } from "vitest";
import type { EpisodePage } from "@/ros/commands.ts";
import { readEpisode } from "@/ros/messages.ts";
import { EpisodePages, PAGE } from "./episode_pages.ts";

/** A dataset on the robot that can change; remembers what was asked. */
function robot(count: number) {
  const asked: number[] = [];
  const held: (() => void)[] = [];
  const dataset = { ids: Array.from({ length: count }, (_, id) => id), frames: 10, fail: false, hold: false };
  const pages = new EpisodePages(async (offset, limit): Promise<EpisodePage> => {
    asked.push(offset);
    const { ids, frames } = dataset;
    if (dataset.hold) await new Promise<void>((resolve) => held.push(resolve));
    if (dataset.fail) throw new Error("The robot said no.");
    return {
      format: "h264",
      rate: 30,
      cameras: [],
      problems: [],
      total: ids.length,
      episodes: ids.slice(offset, offset + limit).map((id) => readEpisode({ id, frames })),
    };
  });
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  return { pages, dataset, asked, settled, release: () => held.splice(0).forEach((resolve) => resolve()) };
}

const ids = (pages: EpisodePages) => pages.state().episodes.map((episode) => episode?.id);

describe("EpisodePages", () => {
  it("fetches the pages that are looked at, each once", async () => {
    const { pages, asked, settled } = robot(1000);
    pages.ensure(0, 20);
    await settled();
    expect(asked).toEqual([0]);
    expect(pages.state().episodes).toHaveLength(1000);
    expect(pages.state().dataset?.rate).toBe(30);
    pages.ensure(0, 20);
    pages.ensure(480, 510);
    await settled();
    expect(asked).toEqual([0, 4 * PAGE, 5 * PAGE]);
    expect(pages.state().episodes[510]?.id).toBe(510);
    expect(pages.state().episodes[300]).toBeUndefined();
    expect(pages.state().loading).toBe(false);
  });

  it("fetches what was looked at last first while scrolling", async () => {
    const { pages, asked, dataset, settled, release } = robot(1000);
    pages.ensure(0, 5);
    await settled();
    dataset.hold = true;
    pages.ensure(200, 210);
    pages.ensure(400, 410);
    pages.ensure(800, 810);
    dataset.hold = false;
    release();
    await settled();
    expect(asked).toEqual([0, 200, 800, 400]);
  });

  it("fetches all for sorting", async () => {
    const { pages, settled } = robot(250);
    pages.ensureAll();
    await settled();
    expect(ids(pages)).toEqual(Array.from({ length: 250 }, (_, id) => id));
  });

  it("keeps the rows while it fetches them again, and follows growth and loss", async () => {
    const { pages, dataset, settled } = robot(150);
    pages.ensure(0, 149);
    await settled();
    dataset.ids.push(150);
    dataset.frames = 20;
    pages.refresh();
    expect(pages.state().episodes).toHaveLength(150);
    await settled();
    expect(pages.state().episodes).toHaveLength(151);
    expect(pages.state().episodes.map((e) => e?.frames)).toEqual(Array.from({ length: 151 }, () => 20));
    dataset.ids.length = 20;
    pages.refresh();
    await settled();
    expect(pages.state().episodes).toHaveLength(20);
  });

  it("does not take an answer from before a change", async () => {
    const { pages, dataset, settled, release } = robot(10);
    dataset.hold = true;
    pages.ensure(0, 5);
    dataset.hold = false;
    dataset.frames = 99;
    pages.refresh();
    release();
    await settled();
    expect(pages.state().episodes[0]?.frames).toBe(99);
  });

  it("says why a page can't be had, keeps what there is, and tries again when asked", async () => {
    const { pages, dataset, settled } = robot(300);
    pages.ensure(0, 10);
    await settled();
    dataset.fail = true;
    pages.ensure(200, 210);
    await settled();
    expect(pages.state()).toMatchObject({ problem: "The robot said no.", loading: false });
    expect(pages.state().episodes[0]?.id).toBe(0);
    pages.refresh();
    expect(pages.state().problem).toBeNull(); // of what was asked before
    await settled();
    expect(pages.state().problem).toBe("The robot said no.");
    dataset.fail = false;
    pages.ensure(200, 210);
    await settled();
    expect(pages.state().problem).toBeNull();
    expect(pages.state().episodes[205]?.id).toBe(205);
  });

  it("is empty for a dataset without episodes", async () => {
    const { pages, settled, asked } = robot(0);
    pages.ensure(0, 10);
    pages.ensureAll();
    await settled();
    expect(pages.state().episodes).toEqual([]);
    expect(asked).toEqual([0]);
  });

  it("shows a change at once, and takes no older answer for it", async () => {
    const { pages, dataset, asked, settled, release } = robot(3);
    pages.ensure(0, 5);
    await settled();
    dataset.hold = true;
    pages.refresh();
    await settled();
    pages.patch(new Set([1]), { verdict: "reject" });
    expect(pages.state().episodes.map((episode) => episode?.verdict)).toEqual(["", "reject", ""]);
    release();
    await settled();
    // The answer was on its way before the change: it is asked for again.
    expect(pages.state().episodes[1]?.verdict).toBe("reject");
    expect(asked).toEqual([0, 0, 0]);
  });
});
