import type { ModelCheck } from "./model-check.ts";

/**
 * The stored version cannot be served: its parts do not match, or its answers differ from the recorded ones.
 */
export class ModelRejectedError extends Error {
  override readonly name = "ModelRejectedError" as const;
  /** The checks that were made until then; the last one has failed. Empty: not known. */
  readonly checks: readonly ModelCheck[];
  constructor(message: string, { cause, checks = [] }: { cause?: unknown; checks?: readonly ModelCheck[] } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.checks = checks;
  }
}
