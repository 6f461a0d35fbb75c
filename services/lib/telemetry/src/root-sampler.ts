import { type Context, createContextKey } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";

const SAMPLED = createContextKey("bellwether: this trace was already sampled");

/** Marks a context whose next span starts a new trace that was already sampled, before the span was created. */
export function markSampled(context: Context): Context {
  return context.setValue(SAMPLED, true);
}

/**
 * Follows the caller's sampling decision. A new trace is recorded when `markSampled` has marked its context,
 * else with probability `ratio`.
 */
export function createRootSampler(ratio: number): Sampler {
  const always: Sampler = new AlwaysOnSampler();
  const sometimes: Sampler =
    ratio >= 1 ? always : ratio <= 0 ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
  const root: Sampler = {
    shouldSample: (...args) => (args[0].getValue(SAMPLED) === true ? always : sometimes).shouldSample(...args),
    toString: () => `sampled or ${ratio}`,
  };
  return new ParentBasedSampler({ root });
}
