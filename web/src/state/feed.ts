import type { Client } from "@/ros/client.ts";
import type { Commands } from "@/ros/commands.ts";
import { readJobList } from "@/ros/jobs.ts";
import { readLog, readSkillList } from "@/ros/messages.ts";
import type { LogLine } from "@/ros/messages.ts";
import { readRunList } from "@/ros/training.ts";
import { LOG_LIMIT, mergeLogs } from "./logs.ts";
import type { PanelStore } from "./store.ts";

/** Log lines are taken over at this pace, so that a burst costs one rendering. */
const LOG_PAUSE_MS = 100;

/** Fills the store from the node's topics, over every connection that the client makes. */
export function feed(store: PanelStore, client: Client, commands: Commands): void {
  let arrived: LogLine[] = [];
  let flushing: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    flushing = undefined;
    const batch = arrived;
    arrived = [];
    store.setState(({ logs }) => ({ logs: mergeLogs(logs, batch) }));
  }

  function addLogs(lines: readonly LogLine[]): void {
    arrived.push(...lines);
    flushing ??= setTimeout(flush, LOG_PAUSE_MS);
  }

  client.subscribe("skills", "training_manager/msg/SkillList", (message) => {
    const skillList = readSkillList(message);
    const known = store.getState().skillList;
    // Latched messages may arrive twice.
    if (skillList.stamp > 0 && known?.stamp === skillList.stamp) return;
    store.setState({ skillList });
  });

  client.subscribe("jobs", "training_manager/msg/JobList", (message) => {
    store.setState({ jobList: readJobList(message) });
  });

  client.subscribe("runs", "training_manager/msg/TrainingRunList", (message) => {
    const runList = readRunList(message);
    const known = store.getState().runList;
    if (runList.stamp > 0 && known?.stamp === runList.stamp) return;
    store.setState({ runList });
  });

  client.subscribe("logs", "rcl_interfaces/msg/Log", (message) => {
    addLogs([readLog(message)]);
  });

  client.onConnection((connection) => {
    store.setState(connection.status === "open" ? { connection, epoch: connection.epoch } : { connection });
    if (connection.status !== "open") return;
    // Of a latched topic rosbridge_server hands on only the newest few lines.
    commands.getLogs(Math.min(500, LOG_LIMIT)).then(addLogs, () => {
      // The connection is lost again, or the node is not up yet: its lines come by the topic.
    });
  });
}
