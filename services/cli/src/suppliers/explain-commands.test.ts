import { NarrativeLanguage } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { ContributionStrength } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { expect, test } from "vitest";
import { contributionLine } from "./explain-commands.ts";
import { wordsIn } from "./explanation-words.ts";

const CONTRIBUTION = {
  contribution: -0.25,
  strength: ContributionStrength.WEAK,
  text: "past disputes (5, typical 3)",
};

test("a contribution against the declared direction is marked, because suppliers show does not name it as a reason", () => {
  const english = wordsIn(NarrativeLanguage.UNSPECIFIED);
  expect(contributionLine({ ...CONTRIBUTION, contradictsDirection: false }, english)).toBe(
    "  -0.2500  weak      past disputes (5, typical 3)",
  );
  expect(contributionLine({ ...CONTRIBUTION, contradictsDirection: true }, english)).toBe(
    "  -0.2500  weak      past disputes (5, typical 3) [against the declared direction: not a reason]",
  );
});

test("the table of a German narrative is in German", () => {
  const words = wordsIn(NarrativeLanguage.GERMAN);
  const text = "frühere Streitfälle (5, typisch 3)";
  expect(contributionLine({ ...CONTRIBUTION, text, contradictsDirection: true }, words)).toBe(
    "  -0,2500  schwach   frühere Streitfälle (5, typisch 3) [gegen die angegebene Richtung: kein Grund]",
  );
  expect([words.others(1), words.others(2)]).toEqual(["1 weiterer Beitrag", "2 weitere Beiträge zusammen"]);
});
