import { HttpError, getJson } from "./http.ts";

export interface Session {
  readonly version: string;
  readonly skillsDir: string;
  /** Whether the server asks for a sign-in at all. */
  readonly auth: boolean;
}

export async function getSession(): Promise<Session> {
  const body = (await getJson("/api/session")) as Readonly<Record<string, unknown>> | null;
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return {
    version: text(body?.["version"]),
    skillsDir: text(body?.["skills_dir"]),
    auth: body?.["auth"] !== false,
  };
}

export async function probeSession(): Promise<"alive" | "signed-out" | "unreachable"> {
  try {
    await getSession();
    return "alive";
  } catch (problem) {
    return problem instanceof HttpError && problem.status === 401 ? "signed-out" : "unreachable";
  }
}

/** The server shows the sign-in page to whoever has no session. */
export function showSignIn(): void {
  window.location.reload();
}

export async function signOut(): Promise<void> {
  await fetch("/sign-out", { method: "POST" });
  showSignIn();
}
