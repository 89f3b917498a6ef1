/** Requests to the panel server. Errors are sentences for the user. */

export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const LIMIT_MS = 20_000;

/** JSON from the panel server; rejects with an HttpError (status 0: no answer) or an AbortError. */
export async function getJson(url: string, signal?: AbortSignal): Promise<unknown> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  let response: Response;
  try {
    response = await fetch(url, { signal: signal ? anySignal(signal, limit) : limit, cache: "no-store" });
  } catch (problem) {
    if (signal?.aborted) throw problem;
    throw new HttpError(0, "The robot's server does not answer.");
  }
  if (!response.ok) throw new HttpError(response.status, await detail(response));
  return (await response.json()) as unknown;
}

async function detail(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as unknown;
    if (typeof body === "object" && body !== null && "detail" in body && typeof body.detail === "string") {
      return body.detail;
    }
  } catch {
    // Not JSON: the status has to do.
  }
  return `The robot's server answered ${response.status}.`;
}

/** AbortSignal.any, which Safari before 17.4 does not know. */
function anySignal(...signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
  }
  return controller.signal;
}
