import { readFileSync } from "node:fs";
import path from "node:path";
import type { Language } from "../src/facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";

/** One sentence of an answer as it is in the file: an earlier form of the request asked for a text, too. */
export interface HeldOutSentence {
  readonly claims: readonly { readonly kind: string; readonly facts: readonly string[] }[];
  readonly text: string;
}

/** One answer, and the supplier whose facts it states. */
export interface HeldOut {
  readonly supplier: string;
  readonly answer: { readonly language: Language; readonly sentences: readonly HeldOutSentence[] };
}

const linesOf = <T>(name: string): T[] =>
  readFileSync(path.join(import.meta.dirname, "held-out", name), "utf8")
    .trim()
    .split("\n")
    .map((line): T => JSON.parse(line));

/** Reads a file of answers. */
export const readHeldOut = (name: string): readonly HeldOut[] => linesOf<HeldOut>(name);

/** Facts as they are in the file: the order of both directions together follows from the band. */
type FileFacts = Omit<NarrativeFacts, "reasons"> & { readonly reasons: readonly Omit<ReasonFact, "overallRank">[] };

const FACTS = new Map(
  linesOf<{ readonly supplierId: string; readonly facts: FileFacts }>("facts.jsonl").map(({ supplierId, facts }) => {
    const leading = facts.band === "low" ? "lowers" : "increases";
    const order = facts.reasons.toSorted((a, b) => Number(b.direction === leading) - Number(a.direction === leading));
    const reasons = facts.reasons.map((reason) => ({ ...reason, overallRank: order.indexOf(reason) + 1 }));
    return [supplierId, { ...facts, reasons }];
  }),
);

/** Returns the facts of a supplier. @throws Error when there are none */
export function factsOf(supplier: string): NarrativeFacts {
  const facts = FACTS.get(supplier);
  if (facts === undefined) throw new Error(`no facts of ${supplier}`);
  return facts;
}
