import { readFileSync } from "node:fs";
import path from "node:path";
import type { Language } from "../src/facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";

/**
 * One sentence of a recorded answer. These answers were recorded when the request still asked for a text beside
 * the claims of each sentence.
 */
export interface HeldOutSentence {
  readonly claims: readonly { readonly kind: string; readonly facts: readonly string[] }[];
  readonly text: string;
}

/** One recorded answer of a language model, and the id of the supplier whose facts the answer states. */
export interface HeldOut {
  readonly supplier: string;
  readonly answer: { readonly language: Language; readonly sentences: readonly HeldOutSentence[] };
}

const linesOf = <T>(name: string): T[] =>
  readFileSync(path.join(import.meta.dirname, "held-out", name), "utf8")
    .trim()
    .split("\n")
    .map((line): T => JSON.parse(line));

/** Reads a file of recorded answers. */
export const readHeldOut = (name: string): readonly HeldOut[] => linesOf<HeldOut>(name);

/** Facts as the file stores them, without `overallRank`, which follows from the band and the order of the reasons. */
type FileFacts = Omit<NarrativeFacts, "reasons"> & { readonly reasons: readonly Omit<ReasonFact, "overallRank">[] };

const FACTS = new Map(
  linesOf<{ readonly supplierId: string; readonly facts: FileFacts }>("facts.jsonl").map(({ supplierId, facts }) => {
    const leading = facts.band === "low" ? "lowers" : "increases";
    const order = facts.reasons.toSorted((a, b) => Number(b.direction === leading) - Number(a.direction === leading));
    const reasons = facts.reasons.map((reason) => ({ ...reason, overallRank: order.indexOf(reason) + 1 }));
    return [supplierId, { ...facts, reasons }];
  }),
);

/** Returns the facts of a supplier. @throws Error when the file has no facts of the supplier */
export function factsOf(supplier: string): NarrativeFacts {
  const facts = FACTS.get(supplier);
  if (facts === undefined) throw new Error(`no facts of ${supplier}`);
  return facts;
}
