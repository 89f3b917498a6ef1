import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@/app/style.css";
import { ProblemBoundary } from "@/app/problem_page.tsx";
import { Shell } from "@/app/shell.tsx";
import { startTheme } from "@/app/theme.ts";
import { probeSession } from "@/media/session.ts";
import { createClient } from "@/ros/client.ts";
import { createCommands } from "@/ros/commands.ts";
import { openSocket } from "@/ros/transport.ts";
import { feed } from "@/state/feed.ts";
import { PanelProvider } from "@/state/panel.tsx";
import { createPanelStore } from "@/state/store.ts";

startTheme();

const client = createClient({
  url: `${window.location.protocol === "https:" ? "wss" : "ws"}://${window.location.host}/rosbridge`,
  transport: openSocket,
  probe: probeSession,
  random: () => Math.random(),
});
const store = createPanelStore();
const commands = createCommands((name, request) => client.call(name, request));
feed(store, client, commands);
client.start();
window.addEventListener("online", () => client.wake());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") client.wake();
});

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <ProblemBoundary>
      <PanelProvider panel={{ store, commands }}>
        <Shell />
      </PanelProvider>
    </ProblemBoundary>
  </StrictMode>,
);
