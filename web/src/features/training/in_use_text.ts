import type { InUse } from "@/ros/training_commands.ts";

/** What the robot uses after a change, in words. */
export function inUseText({ checkpoint, reloaded }: InUse): string {
  const now = checkpoint ? `The robot uses ${checkpoint} now` : "The robot uses no checkpoint now";
  return reloaded ? `${now}, and was told to reload.` : `${now}.`;
}
