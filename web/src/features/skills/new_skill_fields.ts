/**
 * What is asked for when a skill is made. The node tells a skill's fields once the skill is there; until
 * then these few are needed. It validates them all the same.
 */
import type { MetadataField } from "@/ros/messages.ts";

export const TYPES = [
  { type: "learned", what: "A policy trained on recordings" },
  { type: "replay", what: "A recorded motion, played back" },
  { type: "poses", what: "A list of arm poses" },
] as const;

function field(path: string, kind: MetadataField["kind"], label: string, description: string): MetadataField {
  return {
    path,
    kind,
    label,
    description,
    unit: "",
    required: true,
    minimum: null,
    exclusiveMinimum: false,
    maximum: null,
    defaultJson: "null",
    choices: [],
  };
}

export const COMMON: readonly MetadataField[] = [
  field("name", "string", "Name", "What people and the robot see. The folder's name follows from it."),
  {
    ...field(
      "guidelines",
      "text",
      "Guidelines",
      "Tells the robot's brain when to use the skill. Can be added later.",
    ),
    required: false,
    defaultJson: '""',
  },
];

export const NEEDED: Readonly<Record<string, readonly MetadataField[]>> = {
  replay: [
    field("execution.replay_file", "string", "Replay file", "The recording, relative to the skill's folder."),
  ],
  poses: [
    { ...field("execution.poses", "pose_list", "Poses", "One pose a line: six joint angles."), unit: "rad" },
  ],
};
