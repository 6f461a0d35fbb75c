import { type Context, createContextKey } from "@opentelemetry/api";

const SAMPLED = createContextKey("bellwether: this trace was already sampled");

/** Marks a context whose next span starts a new trace that was already sampled, before the span was created. */
export function markSampled(context: Context): Context {
  return context.setValue(SAMPLED, true);
}

/** Whether `markSampled` has marked the context. */
export function isMarkedSampled(context: Context): boolean {
  return context.getValue(SAMPLED) === true;
}
