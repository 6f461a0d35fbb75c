import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type Answer, SUPPLIER_MARK } from "../src/answer/read-answer.ts";
import { checkAnswer } from "../src/check/check-answer.ts";
import { createSentenceCheck } from "../src/check/check-sentences.ts";
import type { Language } from "../src/facts/language.ts";
import type { NarrativeFacts } from "../src/facts/narrative-facts.ts";
import { createDraw } from "./draw-facts.ts";
import { LIES } from "./lies.ts";

/*
 * Truthful answers about suppliers of the demo. They were written from the instructions of the language model, without
 * the grammar, and are not changed afterwards: what the grammar does not accept stays in the files.
 */

/** One answer, and the supplier whose facts it states. */
interface HeldOut {
  readonly supplier: string;
  readonly answer: Answer & { readonly language: Language };
}

const linesOf = <T>(name: string): T[] =>
  readFileSync(path.join(import.meta.dirname, "held-out", name), "utf8")
    .trim()
    .split("\n")
    .map((line): T => JSON.parse(line));

const FACTS = new Map(
  linesOf<{ readonly supplierId: string; readonly facts: NarrativeFacts }>("facts.jsonl").map(
    ({ supplierId, facts }) => [supplierId, facts],
  ),
);

/** Returns the facts of a supplier. @throws Error when there are none */
function factsOf(supplier: string): NarrativeFacts {
  const facts = FACTS.get(supplier);
  if (facts === undefined) throw new Error(`no facts of ${supplier}`);
  return facts;
}

const check = ({ supplier, answer }: HeldOut, content = JSON.stringify(answer)) =>
  checkAnswer(content, supplier, factsOf(supplier), answer.language);

/** Whether all sentences of an answer are shown, and nothing of it was replaced. */
function isWhole(heldOut: HeldOut): boolean {
  const checked = check(heldOut);
  return checked.accepted && checked.rejection === undefined;
}

/** Returns the sentences of an answer that are shown, without those of the template. */
function shownOf(heldOut: HeldOut, content?: string): string[] {
  const checked = check(heldOut, content);
  return checked.accepted ? checked.sentences.flatMap(({ text, isTemplate }) => (isTemplate ? [] : [text])) : [];
}

const FIRST = linesOf<HeldOut>("first.jsonl");
const SECOND = linesOf<HeldOut>("second.jsonl");
const FOURTH = linesOf<HeldOut>("fourth.jsonl");
const FIFTH = linesOf<HeldOut>("fifth.jsonl");
const ALL = [...FIRST, ...SECOND, ...linesOf<HeldOut>("third.jsonl"), ...FOURTH, ...FIFTH];

test("of 200 held-out truthful answers near the examples, at least 190 are shown whole", () => {
  expect(FIRST.map(({ answer }) => answer.language).filter((language) => language === "en")).toHaveLength(100);
  expect(FIRST).toHaveLength(200);
  const rejected = FIRST.filter((heldOut) => !isWhole(heldOut));
  expect(200 - rejected.length, JSON.stringify(rejected, null, 1)).toBeGreaterThanOrEqual(190);
});

test.each([
  ["second", SECOND, 100, 80],
  ["fourth", FOURTH, 190, 160],
  ["fifth", FIFTH, 95, 60],
])(
  "of the held-out truthful answers in free wordings (%s), most are shown",
  { timeout: 120_000 },
  (_, answers, shown, whole) => {
    expect(answers.filter((heldOut) => check(heldOut).accepted).length).toBeGreaterThanOrEqual(shown);
    expect(answers.filter(isWhole).length).toBeGreaterThanOrEqual(whole);
  },
);

test("no lie about a held-out answer is shown", { timeout: 240_000 }, () => {
  const draw = createDraw(3);
  const shown: string[] = [];
  let lies = 0;
  for (const heldOut of draw.some(ALL, 100)) {
    const facts = factsOf(heldOut.supplier);
    const true_ = new Set(shownOf(heldOut));
    if (true_.size === 0) continue;
    for (const [name, lie] of draw.some(Object.entries(LIES), 10)) {
      const content = lie(heldOut.answer, facts, heldOut.answer.language, draw);
      if (content === undefined) continue;
      lies++;
      const false_ = shownOf(heldOut, content).filter((text) => !true_.has(text));
      if (false_.length > 0) shown.push(`${name}: ${heldOut.supplier} ${false_.join(" ")}`);
    }
  }
  expect(shown.join("\n")).toBe("");
  expect(lies).toBeGreaterThan(500);
});

/** Changes that turn a statement round: what was true of the facts is false afterwards. */
const REVERSED: readonly (readonly [RegExp, string])[] = [
  [/\bincreasing\b/, "lowering"],
  [/\blowering\b/, "increasing"],
  [/\braising\b/, "reducing"],
  [/\bdriven\b/, "reduced"],
  [/\bup\b/, "down"],
  [/\bhigher risk\b/, "lower risk"],
  [/\blower risk\b/, "higher risk"],
  [/\braises?\b/, "lowers"],
  [/\bexceeds\b/, "falls below"],
  [/\babove (the|its) typical value\b/, "exactly the typical value"],
  [/\bbelow (the|its) typical value\b/, "equal to the typical value"],
  [/\bwhich is (equal to )?the typical value\b/, "which is above the typical value"],
  [/\bsteigt\b/, "sinkt"],
  [/\bsinkt\b/, "steigt"],
  [/\berhöhenden\b/, "senkenden"],
  [/\brisikosenkend\b/, "risikoerhöhend"],
  [/höheren Risiko/, "niedrigeren Risiko"],
  [/niedrigeren Risiko\b/, "höheren Risiko"],
  [/\bhöhere Risiko/, "niedrigere Risiko"],
  [/übersteigt/, "unterschreitet"],
  [/\bunterschreitet\b/, "übersteigt"],
  [/\b(über|unter) dem typischen Wert\b/, "genau beim typischen Wert"],
  [/\((\d)(\d?) %\)/, "(9$1 %)"],
  [/\bnot known\b/, "known"],
  [/\bnicht bekannt\b/, "bekannt"],
];

test("no held-out sentence with one statement turned round is shown", { timeout: 240_000 }, () => {
  const shown: string[] = [];
  const used = new Set<RegExp>();
  for (const { supplier, answer } of ALL) {
    const accepts = createSentenceCheck(supplier, factsOf(supplier), answer.language, SUPPLIER_MARK);
    for (const sentence of answer.sentences) {
      if (!accepts(sentence).accepted) continue;
      for (const [pattern, by] of REVERSED) {
        const text = sentence.text.replace(pattern, by);
        if (text === sentence.text) continue;
        used.add(pattern);
        if (accepts({ ...sentence, text }).accepted) shown.push(`${sentence.text} -> ${text}`);
      }
    }
  }
  expect([...new Set(shown)].join("\n")).toBe("");
  expect(REVERSED.filter(([pattern]) => !used.has(pattern)).map(String)).toEqual([]);
});
