import { type Context, createContextKey } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";

const DRAWN = createContextKey("bellwether: this trace was drawn to be recorded");

/** Marks a context whose next span starts a trace that was drawn already, before the span was made. */
export function markDrawn(context: Context): Context {
  return context.setValue(DRAWN, true);
}

/** Follows the caller's decision; a new trace is recorded when it was drawn, else with probability `ratio`. */
export function createRootSampler(ratio: number): Sampler {
  const always: Sampler = new AlwaysOnSampler();
  const sometimes: Sampler =
    ratio >= 1 ? always : ratio <= 0 ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
  const root: Sampler = {
    shouldSample: (...args) => (args[0].getValue(DRAWN) === true ? always : sometimes).shouldSample(...args),
    toString: () => `drawn or ${ratio}`,
  };
  return new ParentBasedSampler({ root });
}
