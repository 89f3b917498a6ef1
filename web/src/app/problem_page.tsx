import { Component } from "react";
import type { ReactNode } from "react";
import { Button } from "@/ui/button.tsx";
import { Empty } from "@/ui/empty.tsx";

/** What is shown instead of a blank page when the panel itself fails. */
export class ProblemBoundary extends Component<{ children: ReactNode }, { problem: Error | null }> {
  override state: { problem: Error | null } = { problem: null };

  static getDerivedStateFromError(problem: unknown): { problem: Error } {
    return { problem: problem instanceof Error ? problem : new Error(String(problem)) };
  }

  override render(): ReactNode {
    const { problem } = this.state;
    if (!problem) return this.props.children;
    return (
      <div className="grid h-dvh">
        <Empty
          icon="alert"
          title="The panel stumbled"
          action={
            <Button icon="refresh" onClick={() => window.location.reload()}>
              Reload the panel
            </Button>
          }
        >
          Nothing on the robot was changed by this. The reason: {problem.message}
        </Empty>
      </div>
    );
  }
}
