import { useEffect, useState } from "react";
import { DatasetsTab } from "@/features/datasets/datasets_tab.tsx";
import { JobsBar } from "@/features/jobs/jobs_bar.tsx";
import { LogPanel } from "@/features/logs/log_panel.tsx";
import { SkillsTab } from "@/features/skills/skills_tab.tsx";
import { TrainingTab } from "@/features/training/training_tab.tsx";
import type { Session } from "@/media/session.ts";
import { getSession, showSignIn, signOut } from "@/media/session.ts";
import { useRoute } from "@/route/navigation.ts";
import type { Tab } from "@/route/route.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { usePanel } from "@/state/panel.tsx";
import { IconButton } from "@/ui/button.tsx";
import { Icon } from "@/ui/icons.tsx";
import type { IconName } from "@/ui/icons.tsx";
import { ConnectionBanner } from "./connection_banner.tsx";
import type { Theme } from "./theme.ts";
import { setTheme, useTheme } from "./theme.ts";

const TABS: readonly { readonly tab: Tab; readonly label: string; readonly icon: IconName }[] = [
  { tab: "skills", label: "Skills", icon: "layers" },
  { tab: "datasets", label: "Datasets", icon: "film" },
  { tab: "training", label: "Training", icon: "training" },
];

export function Shell() {
  const { tab, skill } = useRoute();
  const name = usePanel((state) => state.skillList?.skills.find((one) => one.name === skill)?.displayName);
  useEffect(() => {
    const page = TABS.find((entry) => entry.tab === tab)?.label ?? "";
    document.title = `${skill === null ? page : (name ?? skill)} · Training Manager`;
  }, [tab, skill, name]);
  const signedOut = usePanel((state) => state.connection.status === "signed-out");
  useEffect(() => {
    if (signedOut) showSignIn();
  }, [signedOut]);

  return (
    <div className="flex h-dvh flex-col">
      <a
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("content")?.focus();
        }}
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-md focus:bg-accent-fill focus:px-3 focus:py-2 focus:text-white"
      >
        Skip to content
      </a>
      <Header />
      <ConnectionBanner />
      <main id="content" tabIndex={-1} className="flex min-h-[40dvh] flex-1 flex-col outline-none">
        {tab === "skills" && <SkillsTab />}
        {tab === "datasets" && <DatasetsTab />}
        {tab === "training" && <TrainingTab />}
      </main>
      <JobsBar />
      <LogPanel />
      <nav
        aria-label="Pages"
        className="grid shrink-0 grid-cols-3 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
      >
        {TABS.map((entry) => (
          <RouteLink
            key={entry.tab}
            to={{ tab: entry.tab }}
            aria-current={tab === entry.tab ? "page" : undefined}
            className="flex h-13 flex-col items-center justify-center gap-0.5 text-2xs font-medium text-faint aria-[current]:text-accent"
          >
            <Icon name={entry.icon} className="size-5" />
            {entry.label}
          </RouteLink>
        ))}
      </nav>
    </div>
  );
}

function Header() {
  const { tab } = useRoute();
  const folder = usePanel((state) => state.skillList?.skillsDir ?? "");
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line bg-surface px-3 md:gap-4 md:px-4">
      <span className="flex items-center gap-2 font-semibold tracking-tight">
        <svg viewBox="0 0 44 44" aria-hidden="true" className="size-6">
          <rect width="44" height="44" rx="12" className="fill-accent-fill" />
          <path d="M13 29V15l9 7-9 7Zm11 0h8v-3h-8v3Z" fill="#fff" />
        </svg>
        <span className="md:max-lg:hidden">Training Manager</span>
      </span>
      <nav aria-label="Pages" className="hidden h-full items-stretch gap-1 md:flex">
        {TABS.map((entry) => (
          <RouteLink
            key={entry.tab}
            to={{ tab: entry.tab }}
            aria-current={tab === entry.tab ? "page" : undefined}
            className="relative flex items-center px-3 font-medium text-quiet after:absolute after:inset-x-3 after:bottom-0 after:h-0.5 hover:text-ink aria-[current]:text-ink aria-[current]:after:bg-accent"
          >
            {entry.label}
          </RouteLink>
        ))}
      </nav>
      <span
        className="min-w-0 flex-1 truncate text-right font-mono text-xs text-faint max-sm:invisible"
        title={folder}
      >
        {folder}
      </span>
      <ConnectionSign />
      <span className="flex items-center">
        <ThemeButton />
        <SignOutButton />
      </span>
    </header>
  );
}

function ConnectionSign() {
  const status = usePanel((state) => state.connection.status);
  const open = status === "open";
  const label = open ? "Connected" : status === "connecting" ? "Connecting…" : "Not connected";
  return (
    <span
      data-connection={status}
      className="flex shrink-0 items-center gap-1.5 text-xs text-quiet"
      title={label}
    >
      <span className={`size-2 rounded-full ${open ? "bg-ok" : "animate-pulse bg-warn"}`} />
      <span className="max-md:sr-only">{label}</span>
    </span>
  );
}

const NEXT_THEME: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const THEME_ICON: Readonly<Record<Theme, IconName>> = { system: "system", light: "sun", dark: "moon" };

function ThemeButton() {
  const theme = useTheme();
  const next = NEXT_THEME[theme];
  return (
    <IconButton
      label={`Theme: ${theme}. Switch to ${next}`}
      icon={THEME_ICON[theme]}
      onClick={() => setTheme(next)}
    />
  );
}

function SignOutButton() {
  const [session, setSession] = useState<Session | null>(null);
  useEffect(() => {
    let shown = true;
    getSession().then(
      (found) => {
        if (shown) setSession(found);
      },
      () => {
        // No answer: the connection's own banner says so, and there is nothing to sign out of.
      },
    );
    return () => {
      shown = false;
    };
  }, []);
  if (!session?.auth) return null;
  return <IconButton label="Sign out of this robot" icon="signOut" onClick={() => void signOut()} />;
}
