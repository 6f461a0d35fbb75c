import { readFileSync } from "node:fs";
import path from "node:path";
import { type Answer, readAnswer } from "../src/answer/read-answer.ts";
import type { Language } from "../src/facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";

/** One answer, and the supplier whose facts it states. */
export interface HeldOut {
  readonly supplier: string;
  readonly answer: Answer & { readonly language: Language };
}

const linesOf = <T>(name: string): T[] =>
  readFileSync(path.join(import.meta.dirname, "held-out", name), "utf8")
    .trim()
    .split("\n")
    .map((line): T => JSON.parse(line));

/** Reads a file of answers. @throws Error when one has not the form of an answer */
export const readHeldOut = (name: string): readonly HeldOut[] =>
  linesOf<HeldOut>(name).map(({ supplier, answer }) => {
    const read = readAnswer(JSON.stringify(answer));
    if (read === undefined) throw new Error(`${supplier} is not an answer`);
    return { supplier, answer: { ...read, language: answer.language } };
  });

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
