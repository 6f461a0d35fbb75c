import { selectReasons } from "@bellwether/reasons/select-reasons";
import { expect, test } from "vitest";
import { checkAnswer } from "../check/check-answer.ts";
import { checkClaims } from "../claims/check-claims.ts";
import { writePrompt } from "../generate/write-prompt.ts";
import { createClaimRenderer } from "../render/render-claims.ts";
import { writeNarrative } from "../render/write-narrative.ts";
import { writeTemplate } from "../template/write-template.ts";
import { featureNames } from "./feature-names.ts";
import { narrativeFacts } from "./narrative-facts.ts";

const number = (
  name: string,
  direction: "raises" | "lowers",
  value: number,
  typical: number,
  contribution: number,
) => ({
  info: { name, kind: "numeric" as const, direction, unit: "", typical, typicalCategory: "" },
  entry: { feature: name, value, category: "", contribution },
});
/** Its value is on the safer side of typical, but it increases the risk: it is no reason. */
const CONTRADICTING = number("spend", "raises", 5, 100, 2);
const LATE = number("late_ratio", "raises", 0.4, 0.1, 0.5);
const QUALITY = number("quality", "lowers", 90, 70, -0.3);

function factsOf(...features: readonly ReturnType<typeof number>[]) {
  const infos = features.map(({ info }) => info);
  const { reasons, unstated } = selectReasons(
    features.map(({ entry }) => entry),
    infos,
  );
  const score = { riskScore: 0.8, band: "high" as const, prediction: null, missing: [] };
  return narrativeFacts({ ...score, reasons, unstated }, "", featureNames(infos, "en"));
}
const rejects = (facts: ReturnType<typeof factsOf>, kind: string, ...ids: readonly string[]): boolean =>
  checkAnswer(JSON.stringify({ sentences: [{ claims: [{ kind, facts: ids }] }] }), facts).rejection === "CLAIMS";

test("a larger contribution that is no reason makes claims about the strongest and about nothing false", () => {
  const facts = factsOf(CONTRADICTING, LATE, QUALITY);
  expect(facts.reasons.map(({ rank, overallRank }) => [rank, overallRank])).toEqual([
    [2, 2],
    [1, 3],
  ]);
  expect(rejects(facts, "strongest", "r1")).toBe(true);
  expect(rejects(facts, "strongest_of_all", "r1")).toBe(true);
  expect(rejects(facts, "strongest", "r2")).toBe(false);
  expect(rejects(facts, "order", "r1", "r2")).toBe(false);
  const without = factsOf(CONTRADICTING, QUALITY);
  expect(rejects(without, "nothing_raises", "score")).toBe(true);
  expect(rejects(factsOf(QUALITY), "nothing_raises", "score")).toBe(false);
});

test("where a larger contribution is no reason, neither the template nor an added sentence says strongest", () => {
  const facts = factsOf(CONTRADICTING, LATE, QUALITY);
  expect(writeTemplate("S-1", facts, "en").slice(1)).toEqual([
    "It is increased by late ratio (0.4, typical 0.1).",
    "It is lowered most by quality (90, typical 70).",
  ]);
  expect(writeTemplate("S-1", facts, "de")[1]).toMatch(/^Er wird erhöht durch late ratio/);
  const added = writeNarrative([], "S-1", facts, "en").sentences.map(({ text }) => text);
  expect(added[1]).toMatch(/^(The risk is increased|The score is pushed up|Higher risk comes) (by|from) late ratio/);
  expect(added[2]).toMatch(/most by|above all by|largest part/);
});

test("of equal contributions none is larger", () => {
  const facts = factsOf(number("a", "raises", 2, 1, 0.3), number("b", "raises", 2, 1, 0.3));
  for (const [kind, ...ids] of [
    ["order", "r1", "r2"],
    ["order", "r2", "r1"],
    ["strongest", "r1"],
    ["strongest_of_all", "r1"],
  ])
    expect(rejects(facts, kind ?? "", ...ids), kind).toBe(true);
  expect(rejects(facts, "strongest", "r1", "r2")).toBe(false);
});

test("a score beside a limit of a band is shown on its own side of the limit", () => {
  const score = { riskScore: 0.3999, prediction: null, reasons: [], unstated: [], missing: [] };
  const names = featureNames([], "de");
  const shown = (band: "low" | "medium", riskScore: number, bandLimits?: { medium: number; high: number }) => {
    const facts = narrativeFacts({ ...score, riskScore, band, bandLimits }, "", names);
    const [written] = writeNarrative([], "S-1", facts, "de").sentences;
    expect(written?.text).toContain(/\d,\d+/.exec(writeTemplate("S-1", facts, "de")[0] ?? "")?.[0]);
    expect(writePrompt(facts, "de").facts).toContain(/\d,\d+/.exec(written?.text ?? "")?.[0]);
    return writeTemplate("S-1", facts, "de")[0];
  };
  const limits = { medium: 0.4, high: 0.7 };
  expect(shown("low", 0.3999, limits)).toBe("S-1 hat einen Risikowert von 0,3999 (niedrig).");
  expect(shown("medium", 0.4, limits)).toBe("S-1 hat einen Risikowert von 0,40 (mittel).");
  expect(shown("low", 0.3999)).toBe("S-1 hat einen Risikowert von 0,40 (niedrig).");
});

test("where words that the contract does not have carry the effect, none of its words is quoted, and a quote is false", () => {
  const infos = [
    {
      ...{ name: "contract_text", kind: "text" as const, direction: "unknown" as const, unit: "" },
      ...{ typical: null, typicalCategory: "" },
    },
  ];
  const word = (name: string, value: number, contribution: number) => ({
    ...{ feature: `contract_text:${name}`, value, category: "", contribution },
  });
  const { reasons, unstated } = selectReasons([word("penalty", 0.3, 0.1), word("audit", 0, 0.9)], infos);
  const narrated = { riskScore: 0.8, band: "high" as const, prediction: null, missing: [], reasons, unstated };
  const facts = narrativeFacts(narrated, "A penalty.", featureNames(infos, "en"));
  expect(writeTemplate("S-1", facts, "en")[1]).toBe(
    "It is increased most by contract text (words that it does not have).",
  );
  expect(writeTemplate("S-1", facts, "de")[1]).toContain("contract text (Wörter, die darin nicht stehen)");
  const written = (language: "en" | "de") => writeNarrative([], "S-1", facts, language);
  expect([written("en").sentences[1]?.text, written("en").quotes]).toEqual([
    expect.stringMatching(/words that the contract does not have\.$/),
    [],
  ]);
  expect(written("de").sentences[1]?.text).toMatch(/im Vertrag fehlende Wörter/);
  expect(rejects(facts, "quote", "r1@2-9")).toBe(true);
  expect(rejects(facts, "missing", "r1")).toBe(true);
});

test.each(["en", "de"] as const)("without a contract, a narrative in %s says so, and nothing of words", (language) => {
  const infos = [
    {
      ...{ name: "contract_text", kind: "text" as const, direction: "unknown" as const, unit: "" },
      ...{ typical: null, typicalCategory: "" },
    },
    number("late_ratio", "raises", 0.4, 0.1, 0.2).info,
  ];
  const contributions = [
    { feature: "contract_text:audit", value: 0, category: "", contribution: -0.9 },
    { feature: "contract_text:penalty", value: 0, category: "", contribution: -0.1 },
    number("late_ratio", "raises", 0.4, 0.1, 0.2).entry,
  ];
  const { reasons, unstated } = selectReasons(contributions, infos);
  const missing = ["headcount", "contract_text"];
  const narrated = { riskScore: 0.1, band: "low" as const, prediction: null, missing, reasons, unstated };
  const facts = narrativeFacts(narrated, "", featureNames(infos, language));
  const text = facts.reasons.find(({ direction }) => direction === "lowers")?.id ?? "";
  const claims = [
    { kind: "lowers", facts: [text] },
    { kind: "missing", facts: ["missing"] },
    { kind: "missing", facts: [text] },
  ];
  const answers = [
    writeTemplate("S-1", facts, language),
    writeNarrative([], "S-1", facts, language).sentences.map((sentence) => sentence.text),
    claims.flatMap((claim) => {
      const checked = checkClaims([claim], facts);
      if (checked.problem !== undefined) throw new Error(checked.problem);
      return createClaimRenderer("S-1", facts, language).render(checked.claims);
    }),
  ].map((sentences) => sentences.join(" "));
  for (const answer of answers) {
    expect(answer).toMatch(
      language === "en" ? /contract text \(no contract was sent\)/ : /contract text \(es wurde kein Vertrag gesendet\)/,
    );
    expect(answer).toContain("headcount");
    expect(answer).not.toMatch(/words|Wörter/);
  }
  expect(answers[2]).toContain(language === "en" ? "No contract was sent." : "Es wurde kein Vertrag gesendet.");
  expect(answers[0]).toMatch(/(Not known|Nicht bekannt): headcount (and|und) contract text\.$/);
});

test("of two features with one German name, the one with a value is not called missing", () => {
  const infos = [number("avg_delay", "raises", 5, 1, 0.5), number("max_delay", "raises", 5, 1, 0.2)].map(
    ({ info }) => ({ ...info, de: { name: "Verzug" } }),
  );
  const entry = { ...number("avg_delay", "raises", 5, 1, 0.5).entry };
  const { reasons, unstated } = selectReasons([entry], infos);
  const narrated = { riskScore: 0.8, band: "high" as const, prediction: null, missing: ["max_delay"] };
  const facts = narrativeFacts({ ...narrated, reasons, unstated }, "", featureNames(infos, "de"));
  expect(rejects(facts, "missing", "r1")).toBe(true);
  expect(writeTemplate("S-1", facts, "de").slice(1)).toEqual([
    "Er wird am stärksten erhöht durch Verzug [avg_delay] (5, typisch 1).",
    "Nicht bekannt: Verzug [max_delay].",
  ]);
});
