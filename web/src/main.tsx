import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Ros } from "roslib";
import "@/app/style.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <p className="p-4">Training manager {String(new Ros().isConnected)}</p>
  </StrictMode>,
);
