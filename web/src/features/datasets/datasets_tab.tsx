import { Empty } from "@/ui/empty.tsx";
export function DatasetsTab() {
  return <Empty icon="film" title="Datasets" />;
}
