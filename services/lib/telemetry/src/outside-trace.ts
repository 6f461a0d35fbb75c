import { context, ROOT_CONTEXT } from "@opentelemetry/api";

/**
 * Runs `work` outside the active trace. Use it for work that a call or a job only starts: the work continues after
 * the spans of the call have ended, and its errors do not belong to these spans.
 */
export function outsideTrace<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work);
}
