import type { ITransportFactory } from "roslib";
import { Ros, Topic, isRosbridgeServiceResponseMessage, isRosbridgeStatusMessage } from "roslib";
import { CommandError } from "./ask.ts";

/** Whether the panel server answers, found out over HTTP. */
export type Probe = () => Promise<"alive" | "signed-out" | "unreachable">;

export type Connection =
  | { readonly status: "connecting" }
  /** `epoch` counts connections: whoever holds state that no topic repeats asks again when it grows. */
  | { readonly status: "open"; readonly epoch: number }
  | { readonly status: "lost"; readonly since: number; readonly attempt: number }
  | { readonly status: "signed-out" };

export interface Client {
  /** Connects and keeps connected until `stop`. */
  start(): void;
  stop(): void;
  /** Tries at once where it was waiting for its next attempt: the network or the user came back. */
  wake(): void;
  onConnection(listener: (connection: Connection) => void): void;
  /** Messages of a topic of the node, over this and every later connection. */
  subscribe(name: string, type: string, listener: (message: unknown) => void): void;
  /** Rejects with a CommandError when refused, not connected, cut off or not answered in time. */
  call(name: string, request: object): Promise<unknown>;
}

export interface ClientOptions {
  readonly url: string;
  readonly transport: ITransportFactory;
  readonly probe: Probe;
  /** 0…1, for pauses that differ between browsers. */
  readonly random: () => number;
}

const NODE = "/training_manager/";
const CALL_LIMIT_MS = 10_000;
const CONNECT_LIMIT_MS = 8_000;
/** How often a service is asked for that rosbridge_server does not know: a node that starts makes it soon. */
const MISSING_PAUSE_MS = 300;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** After this long without any message the server is asked over HTTP whether it is still there. */
const SILENCE_MS = 10_000;

export function createClient({ url, transport, probe, random }: ClientOptions): Client {
  const topics: { name: string; type: string; listener: (message: unknown) => void }[] = [];
  const listeners: ((connection: Connection) => void)[] = [];
  const pending = new Set<(problem: CommandError) => void>();
  let connection: Connection = { status: "connecting" };
  let ros: Ros | null = null;
  let running = false;
  let attempt = 0;
  let epoch = 0;
  let calls = 0;
  let heard = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watchdog: ReturnType<typeof setInterval> | undefined;

  function become(next: Connection): void {
    connection = next;
    for (const listener of listeners) listener(next);
  }

  function connect(): void {
    clearTimeout(timer);
    // A Ros of its own for every connection: nothing that was queued on a dead one can come back.
    const fresh = new Ros({ transportFactory: transport });
    ros = fresh;
    fresh.on("connection", () => {
      if (ros === fresh) opened(fresh);
    });
    fresh.on("close", () => {
      lost(fresh);
    });
    fresh.connect(url).catch(() => {
      lost(fresh);
    });
    timer = setTimeout(() => {
      lost(fresh);
    }, CONNECT_LIMIT_MS);
  }

  function opened(fresh: Ros): void {
    clearTimeout(timer);
    attempt = 0;
    epoch += 1;
    heard = Date.now();
    for (const { name, type, listener } of topics) {
      const topic = new Topic({
        ros: fresh,
        name: NODE + name,
        messageType: type,
        reconnect_on_close: false,
      });
      topic.subscribe((message) => {
        heard = Date.now();
        listener(message);
      });
    }
    become({ status: "open", epoch });
  }

  /** Whatever way a connection ended; only the current one counts, and only once. */
  function lost(which: Ros): void {
    if (ros !== which) return;
    ros = null;
    clearTimeout(timer);
    which.close();
    for (const reject of [...pending]) reject(new CommandError("The connection to the robot was lost."));
    if (!running) return;
    const since = connection.status === "lost" ? connection.since : Date.now();
    attempt += 1;
    become({ status: "lost", since, attempt });
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.75 + random() / 2);
    timer = setTimeout(connect, pause);
    void checkSession();
  }

  async function checkSession(): Promise<void> {
    if ((await probe()) !== "signed-out" || !running) return;
    stop();
    become({ status: "signed-out" });
  }

  /** A dropped Wi-Fi closes no socket for minutes. */
  async function checkSilence(): Promise<void> {
    const asked = ros;
    if (connection.status !== "open" || !asked || Date.now() - heard < SILENCE_MS) return;
    const answer = await probe();
    if (answer === "alive") heard = Date.now();
    else lost(asked);
  }

  function stop(): void {
    running = false;
    clearTimeout(timer);
    clearInterval(watchdog);
    const last = ros;
    ros = null;
    last?.close();
    for (const reject of [...pending]) reject(new CommandError("The panel was closed."));
  }

  function call(name: string, request: object): Promise<unknown> {
    const over = ros;
    if (connection.status !== "open" || !over) {
      return Promise.reject(new CommandError("Not connected to the robot. Try again once it is back."));
    }
    calls += 1;
    const id = `call:${NODE}${name}:${epoch}.${calls}`;
    return new Promise((resolve, reject) => {
      let again: ReturnType<typeof setTimeout> | undefined;
      const done = (): void => {
        clearTimeout(limit);
        clearTimeout(again);
        pending.delete(fail);
        over.off(id);
        over.off(`status:${id}`);
      };
      const fail = (problem: CommandError): void => {
        done();
        reject(problem);
      };
      const limit = setTimeout(() => {
        fail(new CommandError(`No answer to ${name} within ${CALL_LIMIT_MS / 1000} s. Is the node running?`));
        void checkSilence();
      }, CALL_LIMIT_MS);
      pending.add(fail);
      over.on(id, (message) => {
        if (!isRosbridgeServiceResponseMessage(message)) return;
        heard = Date.now();
        if (message.result) {
          done();
          resolve(message.values);
        } else if (/^Service \S+ does not exist$/.test(message.values ?? "")) {
          again = setTimeout(ask, MISSING_PAUSE_MS);
        } else {
          fail(new CommandError(`${name} failed: ${message.values ?? "no reason was given"}`));
        }
      });
      over.on(`status:${id}`, (message) => {
        if (isRosbridgeStatusMessage(message) && message.level === "error") {
          fail(new CommandError(`The bridge refused ${name}: ${message.msg}`));
        }
      });
      const ask = (): void => {
        over.callOnConnection({
          op: "call_service",
          id,
          service: NODE + name,
          args: request,
          timeout: CALL_LIMIT_MS / 1000,
        });
      };
      ask();
    });
  }

  return {
    start() {
      if (running) return;
      running = true;
      become({ status: "connecting" });
      connect();
      watchdog = setInterval(() => void checkSilence(), SILENCE_MS / 2);
    },
    stop,
    wake() {
      if (running && connection.status === "lost" && !ros) connect();
    },
    onConnection(listener) {
      listeners.push(listener);
    },
    subscribe(name, type, listener) {
      topics.push({ name, type, listener });
    },
    call,
  };
}
