import { describe, expect, it } from "vitest";
import type { Surface, View } from "./player.ts";
import { Player } from "./player.ts";

class FakeSurface implements Surface {
  waiting = false;
  reached: number | null = null;
  readonly views: View[] = [];
  update(view: View): void {
    this.views.push(view);
  }
  get last(): View {
    const view = this.views.at(-1);
    if (!view) throw new Error("never updated");
    return view;
  }
}

function setUp(frames = 300, rate = 30, frame = 0) {
  let tick: ((now: number) => void) | null = null;
  let now = 1000;
  const player = new Player(frames, rate, frame, {
    request: (next) => {
      tick = next;
      return 1;
    },
    cancel: () => {
      tick = null;
    },
  });
  const surfaces = [new FakeSurface(), new FakeSurface()] as const;
  for (const surface of surfaces) player.add(surface);
  /** Lets time pass in steps of a display's refresh. */
  const pass = (seconds: number): void => {
    for (let left = Math.round(seconds * 60); left > 0; left -= 1) {
      now += 1000 / 60;
      const due = tick;
      tick = null;
      due?.(now);
    }
  };
  /** A gap without ticks. */
  const sleep = (seconds: number): void => {
    now += seconds * 1000;
  };
  return { player, surfaces, pass, sleep, idle: () => tick === null };
}

describe("standing still", () => {
  it("shows the frame that was asked for on every surface, and needs no ticks", () => {
    const { player, surfaces, idle } = setUp(300, 30, 42);
    expect(surfaces[0].last).toEqual({ position: 42, velocity: 0, held: false });
    player.seek(100);
    expect(surfaces.map((s) => s.last.position)).toEqual([100, 100]);
    player.seek(1e6);
    expect(player.state().frame).toBe(299);
    player.step(-10);
    expect(player.state().frame).toBe(289);
    player.step(1000);
    expect(player.state().frame).toBe(299);
    expect(idle()).toBe(true);
  });
});

describe("playing", () => {
  it("follows real time times speed", () => {
    for (const [speed, frame] of [
      [1, 30],
      [0.25, 7],
      [4, 120],
    ] as const) {
      const { player, pass } = setUp();
      player.setSpeed(speed);
      player.toggle();
      pass(1 + 1 / 60);
      expect(player.state().frame).toBeGreaterThanOrEqual(frame - 1);
      expect(player.state().frame).toBeLessThanOrEqual(frame + 1);
    }
  });

  it("stops on a whole frame, the one that is shown", () => {
    const { player, surfaces, pass, idle } = setUp();
    player.toggle();
    pass(0.71);
    const { frame } = player.state();
    player.toggle();
    expect(player.state()).toMatchObject({ frame, velocity: 0 });
    expect(surfaces[0].last).toEqual({ position: frame, velocity: 0, held: false });
    pass(0.1);
    expect(idle()).toBe(true);
  });

  it("ends on the last frame, and starts over from there", () => {
    const { player, pass, idle } = setUp(10, 30);
    player.toggle();
    pass(1);
    expect(player.state()).toMatchObject({ frame: 9, velocity: 0 });
    expect(idle()).toBe(true);
    player.toggle();
    expect(player.state()).toMatchObject({ frame: 0, velocity: 1 });
  });

  it("goes on where it was after a gap", () => {
    const { player, pass, sleep } = setUp();
    player.toggle();
    pass(0.5);
    sleep(60);
    pass(1 / 60);
    expect(player.state().frame).toBeLessThan(30);
  });

  it("keeps its speed when it is changed meanwhile", () => {
    const { player } = setUp();
    player.toggle();
    player.setSpeed(2);
    expect(player.state().velocity).toBe(2);
    player.pause();
    player.setSpeed(0.5);
    expect(player.state()).toMatchObject({ velocity: 0, speed: 0.5 });
  });
});

describe("a surface that can't follow", () => {
  it("holds the clock and all others until it can", () => {
    const { player, surfaces, pass } = setUp();
    player.toggle();
    pass(0.5);
    surfaces[1].waiting = true;
    pass(1 / 60);
    const { frame } = player.state();
    pass(2);
    expect(player.state()).toMatchObject({ frame, waiting: true });
    expect(surfaces[0].last.held).toBe(true);
    surfaces[1].waiting = false;
    pass(0.5);
    expect(player.state().waiting).toBe(false);
    expect(surfaces[0].last.held).toBe(false);
    expect(player.state().frame).toBeGreaterThan(frame + 10);
  });

  it("is waited for, when it falls behind, and never runs the clock back", () => {
    const { player, surfaces, pass } = setUp();
    player.toggle();
    pass(0.5);
    const { frame } = player.state();
    surfaces[1].reached = frame - 5;
    pass(1);
    expect(player.state().frame).toBe(frame);
    surfaces[1].reached = frame + 20;
    pass(2);
    expect(player.state().frame).toBe(frame + 23);
    surfaces[1].reached = null;
    pass(0.5);
    expect(player.state().frame).toBeGreaterThan(frame + 30);
  });

  it("does not stay held when the user stops", () => {
    const { player, surfaces, pass } = setUp();
    surfaces[0].waiting = true;
    player.toggle();
    pass(0.1);
    player.pause();
    expect(player.state()).toMatchObject({ waiting: false, velocity: 0 });
    expect(surfaces[0].last.held).toBe(false);
  });
});

describe("shuttling with J and L", () => {
  it("doubles in one direction, up to four, and turns round at once", () => {
    const { player, pass } = setUp(300, 30, 200);
    const velocities = [1, 1, 1, 1, -1, -1].map((direction) => {
      player.shuttle(direction as 1 | -1);
      return player.state().velocity;
    });
    expect(velocities).toEqual([1, 2, 4, 4, -1, -2]);
    pass(1);
    expect(player.state().frame).toBeLessThan(145);
  });

  it("backwards ends on the first frame", () => {
    const { player, pass } = setUp(300, 30, 20);
    player.shuttle(-1);
    pass(2);
    expect(player.state()).toMatchObject({ frame: 0, velocity: 0 });
  });
});

describe("listeners", () => {
  it("hear only what changes", () => {
    const { player, pass } = setUp();
    let heard = 0;
    player.subscribe(() => (heard += 1));
    player.seek(0);
    player.pause();
    expect(heard).toBe(0);
    player.toggle();
    pass(1);
    // 60 ticks, but 30 frames.
    expect(heard).toBeLessThan(35);
  });

  it("and surfaces are let go", () => {
    const { player, surfaces } = setUp();
    const leave = player.add(surfaces[0]);
    leave();
    const before = surfaces[0].views.length;
    player.seek(9);
    expect(surfaces[0].views).toHaveLength(before);
  });
});

describe("an episode without frames", () => {
  it("does nothing", () => {
    const { player, pass } = setUp(0);
    player.toggle();
    pass(0.1);
    player.step(1);
    expect(player.state()).toMatchObject({ frame: 0, velocity: 0 });
  });
});
