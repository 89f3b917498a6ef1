import type { TrainingDefaults } from "@/ros/training_commands.ts";
import type { Answer } from "@/state/answer.ts";
import { useAnswer } from "@/state/answer.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";

/** What runs can start from; asked again when the server is another one or answers again. */
export function useDefaults(): Answer<TrainingDefaults> {
  const commands = useCommands();
  const server = usePanel(({ runList }) =>
    runList ? `${runList.server} ${runList.signedIn} ${runList.features.join()}` : "",
  );
  return useAnswer("defaults", server, () => commands.getTrainingDefaults());
}
