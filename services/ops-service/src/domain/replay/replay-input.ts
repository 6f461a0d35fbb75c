import type { ReplayPolicy } from "@bellwether/config/risk-policy";
import { isObject } from "./json-object.ts";

/** Returns events without what the policy does not keep of the inputs of scores. */
export const keptEvents = <Event extends { readonly payload: string }>(
  events: readonly Event[],
  policy: ReplayPolicy,
): readonly Event[] => events.map((event) => ({ ...event, payload: keptPayload(event.payload, policy) }));

/** What is written instead of an input that the policy does not keep. */
const BY_POLICY = { not_kept: "policy" };

/**
 * Returns the payload of an event without what the policy does not keep of its input. Most policies keep everything:
 * then the payload is not read.
 * @param payload a JSON object, or empty
 */
export function keptPayload(payload: string, { keepsFeatures, text }: ReplayPolicy): string {
  if ((keepsFeatures && text === "weights") || !payload.includes('"input":')) return payload;
  const parsed: unknown = JSON.parse(payload);
  if (!isObject(parsed) || !isObject(parsed.input)) return payload;
  const { input, ...rest } = parsed;
  // Without the input, nothing can be compared: what is only there to be compared is left out too.
  const { answers: _answers, contribution_bits: _bits, ...others } = rest;
  if (!keepsFeatures) return JSON.stringify({ ...others, input: BY_POLICY });
  const { term_weights: weights, ...kept } = input;
  return weights === undefined ? payload : JSON.stringify({ ...others, input: kept });
}
