import { useState } from "react";
import { useRoute } from "@/route/navigation.ts";
import { Split } from "@/ui/split.tsx";
import { CreateSkill } from "./create_skill.tsx";
import { SkillList } from "./skill_list.tsx";
import { SkillPage } from "./skill_page.tsx";

export function SkillsTab() {
  const { skill } = useRoute();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <Split
        listLabel="Skills"
        detailLabel="Skill"
        chosen={skill !== null}
        listWidth={skill === null ? "md:w-full" : "md:w-80 lg:w-[22rem]"}
        list={<SkillList current={skill} onCreate={() => setCreating(true)} />}
        detail={skill !== null && <SkillPage key={skill} name={skill} />}
      />
      {creating && <CreateSkill onClose={() => setCreating(false)} />}
    </>
  );
}
