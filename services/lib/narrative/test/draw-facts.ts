import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";

/** A seeded source of random numbers (mulberry32). */
export interface Draw {
  /** A number in [0, 1). */
  uniform(): number;
  /** An integer in [0, n). */
  below(n: number): number;
  pick<T>(from: readonly T[]): T;
  /** `n` different entries. */
  some<T>(from: readonly T[], n: number): T[];
}

/** Creates a seeded source of random numbers. */
export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number): number => Math.floor(uniform() * n);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const some = <T>(from: readonly T[], n: number): T[] => {
    const left = [...from];
    return Array.from({ length: Math.min(n, left.length) }, () => left.splice(below(left.length), 1)[0] as T);
  };
  return { uniform, below, pick, some };
}

/** Features of invented models: label, unit, and a range of values. */
const FEATURES = [
  ["late ratio", "share", 0, 1, 3],
  ["past disputes", "disputes", 0, 12, 0],
  ["annual revenue", "usd", 10_000, 90_000_000, 0],
  ["avg payment delay days", "days", -5, 60, 1],
  ["delivery score", "points", 0, 100, 1],
  ["financial stability index", "index", 0, 1, 2],
  ["relationship years", "years", 0, 30, 0],
  ["contract value", "usd", 1_000, 900_000, 2],
  ["dispute rate", "share", 0, 1, 4],
  ["open audits", "", 0, 9, 0],
  ["net margin", "%", -20, 40, 1],
] as const;
const CATEGORIES = [
  ["region", ["EMEA", "APAC", "North America"]],
  ["payment terms", ["net 30", "net 90", "prepaid"]],
] as const;
const KNOWN_TEXT = "audit notes";
const WORDS = ["penalty", "shortage", "termination", "ambiguous", "delayed", "liability"];

/** Draws the facts of an invented score. */
export function drawFacts(draw: Draw): NarrativeFacts {
  const riskScore = draw.uniform();
  const features = draw.some(FEATURES, 6);
  const ups = 1 + draw.below(3);
  const downs = draw.below(4);
  const drafts: Omit<ReasonFact, "id" | "direction" | "rank" | "overallRank">[] = features
    .slice(0, ups + downs)
    .map(([label, unit, low, high, digits]) => {
      const value = (): number => Number((low + draw.uniform() * (high - low)).toFixed(digits));
      return {
        ...{
          label,
          unit,
          value: draw.below(12) === 0 ? null : value(),
          typical: draw.below(10) === 0 ? null : value(),
        },
        ...{ category: "", typicalCategory: "", quotes: [] },
      };
    });
  if (draw.below(3) === 0) {
    const [label, all] = draw.pick(CATEGORIES);
    drafts[draw.below(drafts.length)] = {
      ...{ label, unit: "", value: null, typical: null },
      ...{ category: draw.pick(all), typicalCategory: draw.pick(all), quotes: [] },
    };
  }
  const isQuoting = draw.below(3) === 0;
  if (isQuoting) {
    const words = draw.some(WORDS, 1 + draw.below(3));
    let at = draw.below(50);
    const quotes = words.map((text) => {
      const start = at;
      at += text.length + 1 + draw.below(40);
      return { text, start, end: start + text.length };
    });
    drafts[draw.below(drafts.length)] = {
      ...{ label: "contract text", unit: "", value: null, typical: null, category: "", typicalCategory: "" },
      quotes,
    };
  }
  // A text that is known, of which no word has the direction of the whole.
  if (!isQuoting && draw.below(6) === 0)
    drafts[draw.below(drafts.length)] = {
      ...{ label: KNOWN_TEXT, unit: "", value: null, typical: null, category: "", typicalCategory: "", quotes: [] },
    };
  // The reasons of both directions in the order of their strength: those of one direction stay in their order.
  const order = draw.some([...drafts.map((_, i) => i < ups)], drafts.length);
  const placeOf = (isUp: boolean, rank: number): number => {
    let seen = 0;
    return order.findIndex((one) => one === isUp && ++seen === rank) + 1;
  };
  return {
    riskScore,
    band: riskScore >= 0.6 ? "high" : riskScore >= 0.3 ? "medium" : "low",
    prediction: null,
    reasons: drafts.map((draft, i) => ({
      ...draft,
      id: `r${i + 1}`,
      direction: i < ups ? "increases" : "lowers",
      rank: i < ups ? i + 1 : i - ups + 1,
      overallRank: placeOf(i < ups, i < ups ? i + 1 : i - ups + 1),
    })),
    missing: [
      ...drafts.flatMap(({ label, value, category, quotes }) =>
        value === null && category === "" && quotes.length === 0 && label !== KNOWN_TEXT ? [label] : [],
      ),
      ...draw.some(["credit rating", "headcount", "site count"], draw.below(3)),
    ],
  };
}
