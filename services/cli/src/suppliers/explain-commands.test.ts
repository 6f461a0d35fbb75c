import { ChangeNoteCode, ChangeNoteSchema } from "@bellwether/gen/bellwether/inference/v1/change_pb";
import { NarrativeLanguage } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { ContributionStrength, ScoreSchema, WarningCode } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { contributionLine, remarkLines } from "./explain-commands.ts";
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

test("a warning about the score is shown, and once where a note says the same", () => {
  const category = 'region "Atlantis" is not known';
  const score = create(ScoreSchema, {
    warnings: [
      { code: WarningCode.TOO_FEW_FEATURES, message: "1 of 5 features are known; a score needs 2" },
      { code: WarningCode.UNKNOWN_CATEGORY, feature: "region", message: category },
    ],
  });
  const notes = [create(ChangeNoteSchema, { code: ChangeNoteCode.UNKNOWN_CATEGORY, message: category })];
  const { note } = wordsIn(NarrativeLanguage.ENGLISH);
  expect(remarkLines({ score, notes }, { note })).toEqual([
    "note: 1 of 5 features are known; a score needs 2",
    `note: ${category}`,
  ]);
  expect(remarkLines({ notes: [] }, { note })).toEqual([]);
});
