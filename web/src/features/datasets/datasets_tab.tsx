import { useRoute } from "@/route/navigation.ts";
import { Empty } from "@/ui/empty.tsx";
import { DatasetList } from "./dataset_list.tsx";
import { DatasetPage } from "./dataset_page.tsx";

/** Datasets, the episodes of one, and one of those: side by side where there is room, else one by one. */
export function DatasetsTab() {
  const { skill, episode } = useRoute();
  const list = skill === null ? "flex flex-1" : episode === null ? "hidden md:flex" : "hidden xl:flex";
  return (
    <div className="flex min-h-0 flex-1">
      <section
        aria-label="Datasets"
        className={`min-h-0 min-w-0 flex-col border-line bg-canvas md:w-64 md:flex-none md:border-r ${list}`}
      >
        <DatasetList current={skill} />
      </section>
      <section
        aria-label="Dataset"
        className={`min-h-0 min-w-0 flex-1 bg-surface ${skill === null ? "hidden md:flex" : "flex"}`}
      >
        {skill === null ? (
          <Empty icon="film" title="Choose a dataset">
            Its episodes show up here.
          </Empty>
        ) : (
          <DatasetPage key={skill} name={skill} current={episode} />
        )}
      </section>
    </div>
  );
}
