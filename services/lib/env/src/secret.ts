import { inspect } from "node:util";

const REDACTED = "[redacted]";

/**
 * A value that must never be printed: `String()`, JSON, template literals and `util.inspect` show
 * `[redacted]`. Only `reveal()` returns the value. Call it where the value is used, not where the value is
 * passed on.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
