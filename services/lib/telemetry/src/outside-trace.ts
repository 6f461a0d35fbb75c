import { context, ROOT_CONTEXT } from "@opentelemetry/api";

/**
 * Runs `work` outside the active trace. For work that a call or a job only starts: it goes on after their spans
 * have ended, and its errors are not theirs.
 */
export function outsideTrace<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work);
}
