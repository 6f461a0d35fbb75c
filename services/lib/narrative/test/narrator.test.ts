import { beforeEach, describe, expect, test, vi } from "vitest";
import type { NarrativeFacts } from "../src/facts/narrative-facts.ts";
import { type LanguageModel, LanguageModelError, type Prompt } from "../src/generate/language-model.ts";
import { createNarrator, type NarratorLimits } from "../src/generate/narrator.ts";

const FACTS: NarrativeFacts = {
  ...{ riskScore: 0.871, band: "high", prediction: null, missing: [] },
  reasons: [
    {
      ...{
        id: "r1",
        label: "late ratio",
        direction: "increases",
        rank: 1,
        overallRank: 1,
        value: 0.45,
        unit: "share",
        typical: 0.1,
      },
      ...{ category: "", typicalCategory: "", quotes: [] },
    },
  ],
};
const SCORE = [
  { kind: "score", facts: ["score"] },
  { kind: "band", facts: ["score"] },
];
const REASON = [
  { kind: "raises", facts: ["r1"] },
  { kind: "value", facts: ["r1"] },
];
const answer = (...sentences: readonly unknown[]): string =>
  JSON.stringify({ sentences: sentences.map((claims) => ({ claims })) });
const ANSWER = answer(SCORE, REASON);
const LIE = ANSWER.replace("raises", "lowers");
const LIMITS: NarratorLimits = {
  ...{ timeoutMs: 60_000, concurrency: 2, tokensPerMinute: 1e6, tokensPerDay: 1e6, cacheEntries: 10 },
};

interface ModelCall {
  readonly prompt: Prompt;
  readonly resolve: (content?: string, tokens?: number) => void;
  readonly reject: (error: unknown) => void;
}
let calls: ModelCall[] = [];
/** Answers the call at a position as soon as it is made. */
const answerCall = async (position: number, content: string): Promise<void> => {
  await vi.waitFor(() => expect(calls.length).toBeGreaterThan(position), { timeout: 30_000 });
  calls[position]?.resolve(content);
};
const clock = { ms: 0 };
const model: LanguageModel = {
  name: "m",
  maxAnswerTokens: 1_000,
  complete: (prompt, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new LanguageModelError("TIMEOUT")));
      calls.push({ prompt, resolve: (content = ANSWER, tokens = 100) => resolve({ content, tokens }), reject });
    }),
};
const narrator = (limits: Partial<NarratorLimits> = {}) => {
  const reasons: string[] = [];
  const { narrate } = createNarrator({
    ...{ model, limits: { ...LIMITS, ...limits }, now: () => clock.ms },
    record: (narrative) => reasons.push(narrative.source === "template" ? narrative.reason : "ACCEPTED"),
  });
  const ask = (score = 0.871, more: object = {}) =>
    narrate({ supplierId: "S-1", language: "en", facts: { ...FACTS, riskScore: score }, ...more });
  return { ask, reasons };
};

beforeEach(() => {
  calls = [];
  clock.ms = 0;
});

test("an accepted answer is shown with the supplier's id, and counted", async () => {
  const { ask, reasons } = narrator();
  const shown = ask();
  calls[0]?.resolve();
  expect(await shown).toEqual({
    ...{ source: "language-model", modelName: "m", isCached: false, quotes: [] },
    ...{ wordings: ["service", "service"], rejectedSentences: 0 },
    sentences: ["The risk score of S-1 is 0.87 (high).", "The score is pushed up by late ratio (0.45 share)."],
  });
  expect(reasons).toEqual(["ACCEPTED"]);
});

test("an id with the marks of replacements or of quotations is shown as it is, in quotation marks", async () => {
  const shown = narrator().ask(0.871, { supplierId: "$& SUPPLIER $1" });
  calls[0]?.resolve();
  expect((await shown).sentences[0]).toBe('The risk score of "$& SUPPLIER $1" is 0.87 (high).');
});

test("quotes of the contract are in the answer as far as they are shown", async () => {
  const quotes = [
    { text: "Penalty", start: 3, end: 10 },
    { text: "risk", start: 20, end: 24 },
  ];
  const facts = {
    ...FACTS,
    reasons: FACTS.reasons.map((reason) => ({ ...reason, value: null, typical: null, quotes })),
  };
  const { ask } = narrator();
  const shown = ask(0.871, { facts });
  calls[0]?.resolve(
    answer(SCORE, [
      { kind: "raises", facts: ["r1"] },
      { kind: "quote", facts: ["r1@3-10"] },
    ]),
  );
  expect(await shown).toMatchObject({
    quotes: quotes.slice(0, 1),
    sentences: [expect.any(String), 'The score is pushed up by a word of the contract ("Penalty").'],
  });
});

describe("an answer that does not pass", () => {
  test("is asked for once more with what is wrong, and the second one is shown", async () => {
    const { ask } = narrator();
    const shown = ask();
    calls[0]?.resolve(LIE);
    await answerCall(1, ANSWER);
    expect(await shown).toMatchObject({
      ...{ source: "language-model", wordings: ["service", "service"], rejectedSentences: 0, secondRequest: "WHOLE" },
    });
    const { answer: first, request } = calls[1]?.prompt.correction ?? {};
    expect(first).toBe(LIE);
    expect(request).toContain('sentence 2: the claim \\"lowers\\" of r1 is false: r1 increases the risk');
    expect(await ask()).toMatchObject({ isCached: true, secondRequest: "WHOLE" });
    expect(calls).toHaveLength(2);
  });

  test.each([
    ["is false too", LIE],
    ["is not JSON", "no"],
    ["has no claims", answer([])],
  ])("is replaced by the template when the second one %s", async (_, second) => {
    const { ask, reasons } = narrator();
    const shown = ask();
    calls[0]?.resolve(LIE);
    await answerCall(1, second);
    expect(await shown).toEqual({
      ...{ source: "template", reason: "REJECTED", rejection: "CLAIMS", secondRequest: "NOTHING", quotes: [] },
      sentences: [
        "S-1 has a risk score of 0.87 (high).",
        "It is increased most by late ratio (0.45 share, typical 0.1).",
      ],
    });
    expect(calls).toHaveLength(2);
    expect(reasons).toEqual(["REJECTED"]);
  });

  test("is not asked for again when the budget is used up", async () => {
    const { ask } = narrator({ tokensPerMinute: 3_500 });
    const shown = ask();
    calls[0]?.resolve(LIE, 2_000);
    expect(await shown).toMatchObject({ source: "template", reason: "REJECTED", secondRequest: "BUDGET" });
    expect(calls).toHaveLength(1);
  });

  test("is not used when the second request fails or does not end in time", async () => {
    const { ask } = narrator({ timeoutMs: 300 });
    const shown = ask();
    calls[0]?.resolve(LIE);
    expect(await shown).toMatchObject({ source: "template", reason: "REJECTED", secondRequest: "TIMEOUT" });
    const failing = ask(0.5);
    calls[2]?.resolve(LIE);
    await vi.waitFor(() => expect(calls).toHaveLength(4));
    calls[3]?.reject(new LanguageModelError("RATE_LIMITED", 429));
    expect(await failing).toMatchObject({ source: "template", secondRequest: "RATE_LIMITED" });
  });

  test("a caller that cannot wait for the second one gets the template; the second is stored", async () => {
    const { ask } = narrator();
    const shown = ask(0.871, { waitMs: 200 });
    calls[0]?.resolve(LIE);
    expect(await shown).toMatchObject({ source: "template", reason: "REJECTED", rejection: "CLAIMS" });
    const later = ask();
    await answerCall(1, ANSWER);
    expect(await later).toMatchObject({ source: "language-model", secondRequest: "WHOLE" });
    expect(calls).toHaveLength(2);
  });

  test("an answer without the right form is asked for once more", async () => {
    const { ask } = narrator();
    const shown = ask();
    calls[0]?.resolve("Sorry.");
    await answerCall(1, ANSWER);
    expect(await shown).toMatchObject({ source: "language-model", rejectedSentences: 0, secondRequest: "WHOLE" });
  });
});

test("a sentence without claims is left out, and what an answer does not say is added: both are reported", async () => {
  const { ask } = narrator({ concurrency: 9 });
  const empty = ask();
  calls[0]?.resolve(answer(SCORE, [], REASON));
  expect(await empty).toMatchObject({
    ...{ source: "language-model", wordings: ["service", "service"], rejectedSentences: 1, rejection: "CLAIMS" },
  });
  const incomplete = ask(0.5);
  calls[1]?.resolve(answer(SCORE));
  expect(await incomplete).toMatchObject({
    ...{ source: "language-model", wordings: ["service", "template"], rejectedSentences: 0, rejection: "INCOMPLETE" },
  });
  expect(calls).toHaveLength(2);
});

describe("cache", () => {
  test("equal facts are asked for once, at the same time and later, with each supplier's own id", async () => {
    const { ask } = narrator();
    const both = Promise.all([ask(), ask(0.871, { supplierId: "S-2" })]);
    calls[0]?.resolve();
    expect((await both).map(({ sentences }) => /S-\d/.exec(sentences[0] ?? "")?.[0])).toEqual(["S-1", "S-2"]);
    expect(await ask(0.871, { supplierId: "S-3" })).toMatchObject({ isCached: true });
    expect(calls).toHaveLength(1);
  });

  test("other facts, another language and the next day are asked for again", async () => {
    const { ask } = narrator({ concurrency: 9 });
    const first = ask();
    calls[0]?.resolve();
    await first;
    void ask(0.5);
    void ask(0.871, { language: "de" });
    clock.ms = 86_400_000;
    void ask();
    expect(calls).toHaveLength(4);
  });

  test("a rejected answer is not asked for again for ten minutes", async () => {
    const { ask } = narrator();
    const first = ask();
    calls[0]?.resolve("no");
    await answerCall(1, "no");
    await first;
    clock.ms = 599_999;
    expect(await ask()).toMatchObject({ reason: "REJECTED", rejection: "FORM" });
    clock.ms = 600_000;
    void ask();
    expect(calls).toHaveLength(3);
  });
});

test("more calls than the limit get the template at once", async () => {
  const { ask } = narrator();
  const first = ask(0.1);
  void ask(0.2);
  expect(await ask(0.3)).toMatchObject({ reason: "BUSY" });
  calls[0]?.resolve();
  await first;
  void ask(0.3);
  expect(calls).toHaveLength(3);
});

describe("budget", () => {
  test("a call that could exceed the tokens of the minute is not made, until the next minute", async () => {
    const { ask } = narrator({ tokensPerMinute: 3_000, concurrency: 9 });
    void ask(0.1);
    expect(await ask(0.2)).toMatchObject({ reason: "BUDGET" });
    clock.ms = 60_000;
    void ask(0.2);
    expect(calls).toHaveLength(2);
  });

  test("the tokens that a call has used replace the reserved ones", async () => {
    const { ask } = narrator({ tokensPerMinute: 3_000 });
    const first = ask(0.871);
    calls[0]?.resolve(ANSWER, 10);
    await first;
    void ask(0.2);
    expect(calls).toHaveLength(2);
  });

  test.each([0, -1e9])("a number of used tokens that cannot be (%d) leaves the reserved ones", async (tokens) => {
    const { ask } = narrator({ tokensPerMinute: 3_000 });
    const first = ask(0.871);
    calls[0]?.resolve(ANSWER, tokens);
    await first;
    expect(await ask(0.2)).toMatchObject({ reason: "BUDGET" });
  });
});

describe("failures", () => {
  test.each(["TIMEOUT", "UNAVAILABLE", "RATE_LIMITED", "MALFORMED"] as const)(
    "five of %s in a row open the circuit for 30 s, then one call is tried",
    async (failure) => {
      const { ask } = narrator();
      for (let i = 0; i < 5; i++) {
        const shown = ask(i / 10);
        calls[i]?.reject(new LanguageModelError(failure));
        expect(await shown).toMatchObject({ source: "template", reason: failure });
      }
      clock.ms = 29_999;
      expect(await ask()).toMatchObject({ reason: "CIRCUIT_OPEN" });
      clock.ms = 30_000;
      const tried = ask();
      expect(await ask(0.9)).toMatchObject({ reason: "CIRCUIT_OPEN" });
      calls[5]?.resolve();
      expect(await tried).toMatchObject({ source: "language-model" });
      void ask(0.9);
      expect(calls).toHaveLength(7);
    },
  );

  test("a rejected key opens the circuit at once, for five minutes", async () => {
    const { ask } = narrator();
    const shown = ask();
    calls[0]?.reject(new LanguageModelError("UNAUTHORIZED", 401));
    expect(await shown).toMatchObject({ reason: "UNAUTHORIZED" });
    clock.ms = 299_999;
    expect(await ask()).toMatchObject({ reason: "CIRCUIT_OPEN" });
    clock.ms = 300_000;
    void ask();
    expect(calls).toHaveLength(2);
  });

  test("an answer that does not arrive in time is a TIMEOUT of all who wait for it", async () => {
    const { ask } = narrator({ timeoutMs: 20 });
    expect(await Promise.all([ask(), ask()])).toMatchObject([{ reason: "TIMEOUT" }, { reason: "TIMEOUT" }]);
    expect(calls).toHaveLength(1);
  });

  test("an error of another kind is UNAVAILABLE", async () => {
    const shown = narrator().ask();
    calls[0]?.reject(new TypeError("x"));
    expect(await shown).toMatchObject({ reason: "UNAVAILABLE" });
  });
});

test("a caller that cannot wait gets the template; the answer is stored for the next one", async () => {
  const { ask } = narrator();
  expect(await ask(0.871, { waitMs: 1 })).toMatchObject({ reason: "TIMEOUT" });
  const second = ask();
  calls[0]?.resolve();
  expect(await second).toMatchObject({ source: "language-model" });
  expect(calls).toHaveLength(1);
});

test("a caller that ends its call gets the reason of its signal, and the call continues for others", async () => {
  const { ask } = narrator();
  const ending = new AbortController();
  const first = ask(0.871, { signal: ending.signal });
  const second = ask();
  ending.abort(new Error("ended"));
  await expect(first).rejects.toThrow("ended");
  calls[0]?.resolve();
  expect(await second).toMatchObject({ source: "language-model" });
});

test("without a score or without a model, nothing is asked", async () => {
  const { ask } = narrator();
  expect(await ask(0, { facts: { ...FACTS, riskScore: null, band: "unknown", reasons: [] } })).toMatchObject({
    ...{ reason: "NO_SCORE", sentences: ["S-1 has no risk score."] },
  });
  const without = createNarrator({ model: undefined, limits: LIMITS, now: () => 0 });
  expect(await without.narrate({ supplierId: "S-1", language: "de", facts: FACTS })).toMatchObject({
    reason: "NOT_CONFIGURED",
    sentences: [
      "S-1 hat einen Risikowert von 0,87 (hoch).",
      "Er wird am stärksten erhöht durch late ratio (0,45 share, typisch 0,1).",
    ],
  });
  expect(calls).toEqual([]);
});
