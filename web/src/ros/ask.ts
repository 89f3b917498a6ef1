import { readFieldError } from "./messages.ts";
import type { FieldError } from "./messages.ts";
import type { Wire } from "./wire.ts";
import { flag, list, record, text } from "./wire.ts";

/** Calls a service of the node; `name` is relative to it. */
export type Call = (name: string, request: object) => Promise<unknown>;

/** Calls a service and rejects with a `CommandError` where the answer says no. */
export type Ask = (name: string, request: object) => Promise<Wire>;

/** The call failed. The message is a sentence for the user; `fields` says what is wrong, field by field. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly fields: readonly FieldError[];

  constructor(message: string, fields: readonly FieldError[] = []) {
    super(message);
    this.fields = fields;
  }
}

export function createAsk(call: Call): Ask {
  return async (name, request) => checked(record(await call(name, request)));
}

/** The answer itself; throws a `CommandError` where it says no. */
export function checked(answer: Wire): Wire {
  if (flag(answer["success"])) return answer;
  const fields = list(answer["errors"], readFieldError);
  throw new CommandError(text(answer["message"]) || "The robot refused without saying why.", fields);
}
