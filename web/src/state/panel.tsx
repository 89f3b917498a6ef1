import { createContext, use } from "react";
import type { ReactNode } from "react";
import { useStore } from "zustand";
import type { Commands } from "@/ros/commands.ts";
import type { PanelState, PanelStore } from "./store.ts";

interface Panel {
  readonly store: PanelStore;
  readonly commands: Commands;
}

const PanelContext = createContext<Panel | null>(null);

export function PanelProvider({ panel, children }: { panel: Panel; children: ReactNode }) {
  return <PanelContext value={panel}>{children}</PanelContext>;
}

function useContextPanel(): Panel {
  const panel = use(PanelContext);
  if (!panel) throw new Error("No PanelProvider above this component");
  return panel;
}

/** A part of the state; the component renders again when that part changes. */
export function usePanel<T>(select: (state: PanelState) => T): T {
  return useStore(useContextPanel().store, select);
}

export function useCommands(): Commands {
  return useContextPanel().commands;
}
