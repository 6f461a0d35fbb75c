import type { OutcomeViolation } from "./outcome.ts";

/** No outcome has this id. */
export class OutcomeNotFoundError extends Error {
  override readonly name = "OutcomeNotFoundError" as const;
  constructor(id: string) {
    super(`no outcome has the id ${id}; ListOutcomes lists the outcomes`);
  }
}

/** The outcome does not count any more: another one replaced it. */
export class OutcomeReplacedError extends Error {
  override readonly name = "OutcomeReplacedError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  /** @param by the outcome that replaced it. Null: it withdraws another outcome itself. */
  constructor(id: string, by: string | null) {
    super(
      by === null
        ? `the outcome ${id} withdraws another one and cannot be corrected; record the outcome again`
        : `the outcome ${id} was replaced by ${by}; correct that one`,
    );
    this.metadata = { outcome_id: id, ...(by !== null && { replaced_by: by }) };
  }
}

/** A corrected outcome is not valid. */
export class OutcomeFieldError extends Error {
  override readonly name = "OutcomeFieldError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(violations: readonly OutcomeViolation[]) {
    const found = violations.map(({ field, reason }) => ({ field: `outcome.${field}`, description: reason }));
    super(found.map(({ field, description }) => `${field} ${description}`).join("; "));
    this.fieldViolations = found;
  }
}

/** More measurements of performance wait than are done in their time. */
export class PerformanceBusyError extends Error {
  override readonly name = "PerformanceBusyError" as const;
  readonly retryAfterMs = 2_000;
  constructor() {
    super("too many measurements of performance wait; repeat the call later");
  }
}
