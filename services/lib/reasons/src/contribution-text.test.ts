import { describe, expect, test } from "vitest";
import { MODERATE_SHARE, STRONG_SHARE, selectContributions, strengthOf } from "./contribution-shares.ts";
import { contributionText } from "./contribution-text.ts";
import type { FeatureContribution } from "./feature-info.ts";

const FACTS = { unit: "share", typical: 0.12, typicalCategory: "" };
const entry = (contribution: number, over: Partial<FeatureContribution> = {}): FeatureContribution => ({
  ...{ feature: "late_ratio", value: 0.38, category: "", contribution },
  ...over,
});
const WORDING = {
  ...{ unit: "%", scale: 100 },
  increases: "{value} of the deliveries were late, usually {typical}",
  lowers: "only {value} of the deliveries were late",
};

describe("a contribution in words", () => {
  test("is the template of its direction, with values in the declared unit", () => {
    expect(contributionText(entry(0.4), FACTS, WORDING)).toBe("38 % of the deliveries were late, usually 12 %");
    expect(contributionText(entry(-0.4, { value: 0.05 }), FACTS, WORDING)).toBe("only 5 % of the deliveries were late");
  });

  test("is neutral where the value is on the other side of typical than the template says", () => {
    const neutral = "late ratio (38 %, typical 12)";
    expect(contributionText(entry(-0.4), FACTS, WORDING)).toBe(neutral);
    expect(contributionText(entry(-0.4), FACTS, WORDING, "raises")).toBe(neutral);
    const below = entry(0.4, { value: 0.05 });
    expect(contributionText(below, FACTS, WORDING, "raises")).toBe("late ratio (5 %, typical 12)");
    expect(contributionText(below, FACTS, WORDING)).toContain("5 % of the deliveries were late");
    // The typical value itself, and a feature whose higher values lower the risk.
    expect(contributionText(entry(-0.4, { value: 0.12 }), FACTS, WORDING)).toBe(
      "only 12 % of the deliveries were late",
    );
    expect(contributionText(entry(-0.4), FACTS, { lowers: "{value} on time" }, "lowers")).toBe("0.38 share on time");
  });

  test.each([
    [1, "disputes", "only 1 dispute in the past"],
    [2, "disputes", "only 2 disputes in the past"],
    [0, "disputes", "only 0 disputes in the past"],
    [1, "boxes", "only 1 box in the past"],
    [1, "deliveries", "only 1 delivery in the past"],
    [1, "bus", "only 1 bus in the past"],
    [1, "Tage", "only 1 Tage in the past"],
    [1, "", "only 1 in the past"],
  ])("of %d %s has the singular where it is one", (value, unit, expected) => {
    const past = entry(-0.4, { feature: "past", value });
    expect(contributionText(past, { ...FACTS, unit, typical: 3 }, { lowers: "only {value} in the past" })).toBe(
      expected,
    );
    expect(contributionText(entry(0.1, { value: 1 }), { ...FACTS, unit: "days" })).toBe(
      "late ratio (1 day, typical 0.12)",
    );
  });

  test("without a template is the feature with its value, unit and typical value", () => {
    expect(contributionText(entry(0.4), FACTS)).toBe("late ratio (0.38 share, typical 0.12)");
    expect(contributionText(entry(0.4), FACTS, { unit: "%", scale: 100 })).toBe("late ratio (38 %, typical 12)");
  });

  test("does not use a template that names a value which is not known", () => {
    expect(contributionText(entry(0.4, { value: null }), FACTS, WORDING)).toBe("late ratio (not known, typical 12)");
    const { increases } = WORDING;
    expect(contributionText(entry(0.4), { ...FACTS, typical: null }, { increases })).toBe("late ratio (0.38 share)");
  });

  test("of a category shows the category and the most frequent one", () => {
    const facts = { unit: "", typical: null, typicalCategory: "EU" };
    const region = entry(0.1, { feature: "region", value: null, category: "US {value}" });
    const text = contributionText(region, facts, { increases: "{feature}: {value}, mostly {typical}" });
    expect(text).toBe("region: US {value}, mostly EU");
  });
});

describe("the strength of a contribution", () => {
  test.each([
    [1, "strong"],
    [STRONG_SHARE, "strong"],
    [STRONG_SHARE - 1e-9, "moderate"],
    [MODERATE_SHARE, "moderate"],
    [MODERATE_SHARE - 1e-9, "weak"],
    [0, "weak"],
  ])("of a share of %d is %s", (share, strength) => {
    expect(strengthOf(share)).toBe(strength);
  });
});

describe("selected contributions", () => {
  const all = [entry(-0.5), entry(0.3), entry(0.15), entry(-0.05)];
  const sum = all.reduce((total, { contribution }) => total + contribution, 0);

  test.each([
    [{ max: 0, minShare: 0 }, 4],
    [{ max: 2, minShare: 0 }, 2],
    [{ max: 0, minShare: 0.3 }, 2],
    [{ max: 1, minShare: 0.3 }, 1],
    [{ max: 0, minShare: 1 }, 0],
  ])("of %j are %d, and what is left out is added up", (limits, count) => {
    const { kept, omitted, omittedCount } = selectContributions(all, limits);
    expect([kept.length, omittedCount]).toEqual([count, 4 - count]);
    expect(kept.reduce((total, { entry: { contribution } }) => total + contribution, omitted)).toBeCloseTo(sum, 12);
  });

  test("of a score without any effect have the share 0", () => {
    expect(selectContributions([entry(0)], { max: 0, minShare: 0 }).kept).toMatchObject([{ share: 0 }]);
  });
});
