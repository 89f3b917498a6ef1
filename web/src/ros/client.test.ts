import type { ITransport, RosbridgeMessage } from "roslib";
import { AbstractTransport } from "roslib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Connection, Probe } from "./client.ts";
import { createClient } from "./client.ts";

type Sent = RosbridgeMessage & Record<string, unknown>;

/** A bridge's end of a socket, in memory. */
class FakeSocket extends AbstractTransport implements ITransport {
  readonly sent: Sent[] = [];
  state: "connecting" | "open" | "closed" = "connecting";

  send(message: RosbridgeMessage): void {
    this.sent.push(message as Sent);
  }
  close(): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.emit("close", {});
  }
  isConnecting = (): boolean => this.state === "connecting";
  isOpen = (): boolean => this.state === "open";
  isClosing = (): boolean => false;
  isClosed = (): boolean => this.state === "closed";

  open(): void {
    this.state = "open";
    this.emit("open", {});
  }
  receive(message: object): void {
    this.emit("message", message as Sent);
  }
  last(op: string): Sent {
    const found = this.sent.findLast((message) => message.op === op);
    if (!found) throw new Error(`no ${op} was sent`);
    return found;
  }
}

function setUp() {
  const sockets: FakeSocket[] = [];
  const connections: Connection[] = [];
  const probe = vi.fn<Probe>(() => Promise.resolve("alive"));
  const client = createClient({
    url: "ws://robot/rosbridge",
    transport: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return Promise.resolve(socket);
    },
    probe,
    random: () => 0.5,
  });
  client.onConnection((connection) => connections.push(connection));
  const socket = (): FakeSocket => {
    const last = sockets.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  };
  const open = async (): Promise<FakeSocket> => {
    await vi.advanceTimersByTimeAsync(0);
    socket().open();
    return socket();
  };
  return { client, sockets, connections, probe, socket, open };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("connecting", () => {
  it("subscribes on every connection and counts them", async () => {
    const { client, connections, open, socket } = setUp();
    const heard: unknown[] = [];
    client.subscribe("skills", "training_manager/msg/SkillList", (message) => heard.push(message));
    client.start();
    await open();
    expect(socket().last("subscribe")).toMatchObject({ topic: "/training_manager/skills" });
    socket().receive({ op: "publish", topic: "/training_manager/skills", msg: { n: 1 } });

    socket().close();
    await vi.advanceTimersByTimeAsync(500);
    await open();
    expect(socket().last("subscribe")).toMatchObject({ topic: "/training_manager/skills" });
    socket().receive({ op: "publish", topic: "/training_manager/skills", msg: { n: 2 } });

    expect(heard).toEqual([{ n: 1 }, { n: 2 }]);
    expect(connections.map((c) => c.status)).toEqual(["connecting", "open", "lost", "open"]);
    expect(connections.at(-1)).toEqual({ status: "open", epoch: 2 });
    client.stop();
  });

  it("tries again with growing pauses, and at once when woken", async () => {
    const { client, sockets, socket } = setUp();
    client.start();
    await vi.advanceTimersByTimeAsync(0);
    const pauses = [500, 1000, 2000, 4000, 8000, 10_000, 10_000];
    for (const pause of pauses) {
      socket().close();
      const opened = sockets.length;
      await vi.advanceTimersByTimeAsync(pause - 1);
      expect(sockets).toHaveLength(opened);
      await vi.advanceTimersByTimeAsync(1);
      expect(sockets).toHaveLength(opened + 1);
    }
    socket().close();
    const opened = sockets.length;
    client.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(sockets).toHaveLength(opened + 1);
    client.stop();
  });

  it("gives up a socket that never opens", async () => {
    const { client, connections, sockets } = setUp();
    client.start();
    await vi.advanceTimersByTimeAsync(8000 + 500);
    expect(connections.at(-1)?.status).toBe("lost");
    expect(sockets).toHaveLength(2);
    expect(sockets[0]?.state).toBe("closed");
    client.stop();
  });

  it("stops where the session has ended", async () => {
    const { client, connections, probe, sockets, socket } = setUp();
    probe.mockResolvedValue("signed-out");
    client.start();
    await vi.advanceTimersByTimeAsync(0);
    socket().close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connections.at(-1)).toEqual({ status: "signed-out" });
    expect(sockets).toHaveLength(1);
  });

  it("notices a connection that is dead but not closed", async () => {
    const { client, connections, probe, open } = setUp();
    client.start();
    await open();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(connections.at(-1)?.status).toBe("open");
    expect(probe).toHaveBeenCalled();
    probe.mockResolvedValue("unreachable");
    await vi.advanceTimersByTimeAsync(15_000);
    expect(connections.some((c) => c.status === "lost")).toBe(true);
    client.stop();
  });
});

describe("calling", () => {
  it("resolves with the answer to its own call", async () => {
    const { client, open } = setUp();
    client.start();
    const socket = await open();
    const first = client.call("get_skill", { name: "a" });
    const firstId = socket.last("call_service").id;
    const second = client.call("get_skill", { name: "b" });
    const secondId = socket.last("call_service").id;
    expect(socket.last("call_service")).toMatchObject({
      service: "/training_manager/get_skill",
      args: { name: "b" },
      timeout: 10,
    });
    socket.receive({ op: "service_response", id: secondId, service: "x", result: true, values: { n: 2 } });
    socket.receive({ op: "service_response", id: firstId, service: "x", result: true, values: { n: 1 } });
    expect(await first).toEqual({ n: 1 });
    expect(await second).toEqual({ n: 2 });
    client.stop();
  });

  it("asks again for a service that a starting node has not made yet", async () => {
    const { client, open } = setUp();
    client.start();
    const socket = await open();
    const answer = client.call("get_skill", {});
    const { id, service } = socket.last("call_service");
    const missing = `Service ${String(service)} does not exist`;
    socket.receive({ op: "service_response", id, service, result: false, values: missing });
    await vi.advanceTimersByTimeAsync(300);
    expect(socket.sent.filter((message) => message.op === "call_service")).toHaveLength(2);
    socket.receive({ op: "service_response", id, service, result: true, values: { success: true } });
    await expect(answer).resolves.toEqual({ success: true });
  });

  it("rejects when the bridge says no, in either of its ways", async () => {
    const { client, open } = setUp();
    client.start();
    const socket = await open();
    const failed = expect(client.call("get_skill", {})).rejects.toThrow("get_skill failed: no such service");
    let id = socket.last("call_service").id;
    socket.receive({ op: "service_response", id, service: "x", result: false, values: "no such service" });
    await failed;
    const refused = expect(client.call("get_skill", {})).rejects.toThrow(
      "The bridge refused get_skill: not allowed",
    );
    id = socket.last("call_service").id;
    socket.receive({ op: "status", id, level: "warning", msg: "slow" });
    socket.receive({ op: "status", id, level: "error", msg: "not allowed" });
    await refused;
    client.stop();
  });

  it("never waits for ever", async () => {
    const { client, open } = setUp();
    client.start();
    const socket = await open();
    const silent = expect(client.call("get_skill", {})).rejects.toThrow("No answer to get_skill within 10 s");
    await vi.advanceTimersByTimeAsync(10_000);
    await silent;
    // A late answer disturbs nobody.
    socket.receive({
      op: "service_response",
      id: socket.last("call_service").id,
      service: "x",
      result: true,
      values: {},
    });
    client.stop();
  });

  it("rejects at once when the connection is lost, and without one", async () => {
    const { client, open } = setUp();
    client.start();
    await expect(client.call("get_skill", {})).rejects.toThrow("Not connected");
    const socket = await open();
    const cut = expect(client.call("get_skill", {})).rejects.toThrow("was lost");
    socket.close();
    await cut;
    client.stop();
  });
});
