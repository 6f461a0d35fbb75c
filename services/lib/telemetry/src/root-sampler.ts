import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import { isMarkedSampled } from "./sampled-context.ts";

/**
 * Follows the caller's sampling decision. A new trace is recorded when `markSampled` has marked its context,
 * else with probability `ratio`.
 */
export function createRootSampler(ratio: number): Sampler {
  const always: Sampler = new AlwaysOnSampler();
  const sometimes: Sampler =
    ratio >= 1 ? always : ratio <= 0 ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
  const root: Sampler = {
    shouldSample: (...args) => (isMarkedSampled(args[0]) ? always : sometimes).shouldSample(...args),
    toString: () => `sampled or ${ratio}`,
  };
  return new ParentBasedSampler({ root });
}
