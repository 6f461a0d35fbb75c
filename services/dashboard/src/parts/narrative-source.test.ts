import { NarrativeOutcome } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { expect, test } from "vitest";
import { madeBy } from "./narrative-source.ts";

const CHOSEN =
  "Chosen by the language model mistral-small-latest, in the words of Bellwether. Each statement was checked against this score.";

test("a text whose statements a language model chose says so, with its model, its words and its check", () => {
  const info = { generated: true, outcome: NarrativeOutcome.ACCEPTED, languageModel: "mistral-small-latest" };
  expect(madeBy(info)).toBe(CHOSEN);
});

test("a text says how many sentences were added, and how many are not shown", () => {
  const info = {
    ...{ generated: true, outcome: NarrativeOutcome.SENTENCES_REPLACED, languageModel: "mistral-small-latest" },
  };
  expect(madeBy({ ...info, templateSentences: [0, 3], rejectedSentences: 1 })).toBe(
    `${CHOSEN} 2 marked sentences were added by Bellwether. Not shown: 1 sentence without a statement to check.`,
  );
  expect(madeBy({ ...info, templateSentences: [1], rejectedSentences: 0 })).toBe(
    `${CHOSEN} 1 marked sentence was added by Bellwether.`,
  );
});

test("a text from the template says why, where the reason is not the configuration", () => {
  const info = { generated: false, languageModel: "" };
  expect(madeBy({ ...info, outcome: NarrativeOutcome.REJECTED })).toBe(
    "Written from a template, because the answer of the language model did not pass the check.",
  );
  expect(madeBy({ ...info, outcome: NarrativeOutcome.NOT_CONFIGURED })).toBe("Written from a template.");
  expect(madeBy(undefined)).toBe("Written from a template.");
});
