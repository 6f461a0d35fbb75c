import type { Band } from "@bellwether/contract/band-codes";
import type { ReasonFact } from "../facts/narrative-facts.ts";
import type { Token } from "./read-tokens.ts";
import { has, isMark, nameAfter, nameBefore } from "./token-places.ts";

/** What the words of a statement claim. */
export interface Claims {
  readonly directions: readonly {
    readonly direction: ReasonFact["direction"];
    readonly needsRisk: boolean;
    /** Place of its word. */
    readonly at: number;
  }[];
  /** Comparisons with the typical value: of one reason, or of all that the statement names. */
  readonly sides: readonly { readonly side: "above" | "below"; readonly of: ReasonFact | undefined }[];
  /** Bands that it calls the score. */
  readonly bands: readonly Band[];
  /** Places of the words that call something the strongest, and of those that say that something follows. */
  readonly tops: readonly number[];
  readonly orders: readonly number[];
  readonly sames: readonly number[];
  readonly opposites: readonly number[];
  /** Whether it says that the score comes from something. */
  readonly sources: boolean;
  /** Whether a decrease is decreased, which is an increase. */
  readonly isDoubleDecrease: boolean;
  /** Whether it speaks of reasons in general, which the facts do not list. */
  readonly isAll: boolean;
  readonly isBoth: boolean;
}

/** Reads what the words of a statement claim. */
export function readClaims(part: readonly Token[]): Claims {
  const directions: Claims["directions"][number][] = [];
  const sides: Claims["sides"][number][] = [];
  const bands: Band[] = [];
  let decreases = 0;
  let isDoubleDecrease = false;
  for (const [i, token] of part.entries()) {
    if (isMark(token) || token.name || has(token, "and")) decreases = 0;
    const side = sideAt(part, i);
    if (side) {
      sides.push(side);
      continue;
    }
    const band = (["high", "medium", "low"] as const).find((one) => has(token, one));
    if (band !== undefined && !has(token, "up", "down", "higher", "lower")) bands.push(band);
    const isUp = has(token, "up", "upVerb", "higher");
    const isDown = has(token, "down", "downVerb", "lower");
    if (!isUp && !isDown) continue;
    directions.push({ direction: isUp ? "increases" : "lowers", needsRisk: !has(token, "up", "down"), at: i });
    if (isDown && ++decreases > 1) isDoubleDecrease = true;
  }
  const places = (role: "top" | "order" | "same" | "opposite"): number[] =>
    part.flatMap((token, i) => (has(token, role) && !(role === "same" && has(token, "plain")) ? [i] : []));
  return {
    ...{ directions, sides, bands, isDoubleDecrease },
    ...{ tops: places("top"), orders: places("order"), sames: places("same"), opposites: places("opposite") },
    sources: part.some((token) => has(token, "source", "cause")),
    isAll: part.some((token, i) => (has(token, "all") || isMost(part, i)) && speaksOfAll(part, i)),
    isBoth: part.some((token) => has(token, "both")),
  };
}

/** Returns the comparison with the typical value that a word makes. */
function sideAt(part: readonly Token[], at: number): Claims["sides"][number] | undefined {
  const token = part[at];
  const isAbove = has(token, "above");
  // "über" before what is missing is a preposition.
  if (part[at + 1]?.placeholder?.kind === "missing") return;
  if (isAbove || has(token, "below")) return { side: isAbove ? "above" : "below", of: typicalAfter(part, at) };
  const next = part[nameAfter(part, at)]?.name;
  const side = has(token, "higher", "high") ? "above" : has(token, "lower", "low") ? "below" : undefined;
  if (side === undefined) return;
  // "raised" and "lowered" in the passive voice are directions; an adjective directly before a name compares.
  if (next) return { side, of: next };
  if (!has(part[at - 1], "be") || /^(by|durch|von)$/.test(part[at + 1]?.text ?? "")) return;
  const before = nameBefore(part, at);
  const isOfName = before >= 0 && !part.slice(before, at).some((one) => has(one, "risk"));
  return isOfName ? { side, of: undefined } : undefined;
}

/** Returns the reason whose typical value follows a comparison. */
function typicalAfter(part: readonly Token[], at: number): ReasonFact | undefined {
  for (let i = at + 1; i < part.length && !isMark(part[i]); i++) {
    const placeholder = part[i]?.placeholder;
    if (placeholder) return placeholder.kind === "typical" ? placeholder.reasons[0] : undefined;
  }
  return undefined;
}

/** Whether "most" counts reasons: "most factors", and not "the most influence". */
const isMost = (part: readonly Token[], at: number): boolean =>
  part[at]?.text === "meisten" || (part[at]?.text === "most" && part[at - 1]?.text !== "the");

/** Whether "all" or "most" speaks of reasons in general: "all factors", "most drivers", "everything". */
function speaksOfAll(part: readonly Token[], at: number): boolean {
  if (/^(everything|alles)$/.test(part[at]?.text ?? "")) return true;
  for (let i = at + 1; i <= at + 3; i++) {
    if (has(part[i], "noun", "source") || (has(part[i], "up", "down") && !has(part[i], "upVerb", "downVerb")))
      return true;
    if (!has(part[i], "plain") || has(part[i], "be")) return false;
  }
  return false;
}
