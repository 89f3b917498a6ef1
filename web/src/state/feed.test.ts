import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Client, Connection } from "@/ros/client.ts";
import type { Commands } from "@/ros/commands.ts";
import { readLog } from "@/ros/messages.ts";
import { feed } from "./feed.ts";
import { createPanelStore } from "./store.ts";

function log(sec: number) {
  return { stamp: { sec, nanosec: 0 }, level: 20, name: "n", msg: `line ${sec}` };
}

function setUp() {
  const topics = new Map<string, (message: unknown) => void>();
  let tell: (connection: Connection) => void = () => undefined;
  const client: Client = {
    start: () => undefined,
    stop: () => undefined,
    wake: () => undefined,
    onConnection: (listener) => {
      tell = listener;
    },
    subscribe: (name, _type, listener) => {
      topics.set(name, listener);
    },
    call: () => Promise.reject(new Error("not here")),
  };
  const getLogs = vi.fn<Commands["getLogs"]>(() => Promise.resolve([log(1), log(2), log(3)].map(readLog)));
  const store = createPanelStore();
  feed(store, client, { getLogs } as Partial<Commands> as Commands);
  return {
    store,
    getLogs,
    connect: (connection: Connection) => tell(connection),
    send: (topic: string, message: unknown) => topics.get(topic)?.(message),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("feed", () => {
  it("asks for the log after every connection and merges it with what the topic brings", async () => {
    const { store, getLogs, connect, send } = setUp();
    connect({ status: "open", epoch: 1 });
    send("logs", log(3));
    send("logs", log(4));
    await vi.advanceTimersByTimeAsync(200);
    expect(store.getState().logs.map((line) => line.message)).toEqual([
      "line 1",
      "line 2",
      "line 3",
      "line 4",
    ]);
    connect({ status: "lost", since: 0, attempt: 1 });
    expect(store.getState().epoch).toBe(1);
    connect({ status: "open", epoch: 2 });
    await vi.advanceTimersByTimeAsync(200);
    expect(getLogs).toHaveBeenCalledTimes(2);
    expect(store.getState()).toMatchObject({ epoch: 2 });
    expect(store.getState().logs).toHaveLength(4);
  });

  it("takes over a burst of lines at once", async () => {
    const { store, send } = setUp();
    let changes = 0;
    store.subscribe(() => (changes += 1));
    for (let sec = 0; sec < 400; sec += 1) send("logs", log(sec));
    await vi.advanceTimersByTimeAsync(200);
    expect(store.getState().logs).toHaveLength(400);
    expect(changes).toBe(1);
  });

  it("ignores a latched list that arrives twice, and takes the next one", () => {
    const { store, send } = setUp();
    const list = (sec: number, names: string[]) => ({
      stamp: { sec, nanosec: 5 },
      skills: names.map((name) => ({ name })),
    });
    send("skills", list(1, ["a"]));
    const first = store.getState().skillList;
    send("skills", list(1, ["a"]));
    expect(store.getState().skillList).toBe(first);
    send("skills", list(2, ["a", "b"]));
    expect(store.getState().skillList?.skills.map((skill) => skill.name)).toEqual(["a", "b"]);
  });

  it("keeps the last state while the connection is lost", () => {
    const { store, send, connect } = setUp();
    send("skills", { stamp: { sec: 1 }, skills: [{ name: "a" }] });
    connect({ status: "lost", since: 0, attempt: 1 });
    expect(store.getState().skillList?.skills).toHaveLength(1);
  });
});
