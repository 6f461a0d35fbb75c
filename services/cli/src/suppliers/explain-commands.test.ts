import { ContributionStrength } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { expect, test } from "vitest";
import { contributionLine } from "./explain-commands.ts";

test("a contribution against the declared direction is marked, because suppliers show does not name it as a reason", () => {
  const contribution = {
    contribution: -0.25,
    strength: ContributionStrength.WEAK,
    text: "past disputes (5, typical 3)",
  };
  expect(contributionLine({ ...contribution, contradictsDirection: false })).toBe(
    "  -0.2500  weak      past disputes (5, typical 3)",
  );
  expect(contributionLine({ ...contribution, contradictsDirection: true })).toBe(
    "  -0.2500  weak      past disputes (5, typical 3) [against the declared direction: not a reason]",
  );
});
