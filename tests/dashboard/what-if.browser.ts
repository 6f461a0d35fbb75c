import { CounterfactualOutcome, FixedReason } from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const SUPPLIER = "#/suppliers/S-1000";

const found = {
  outcome: CounterfactualOutcome.FOUND,
  summary:
    "The smallest change that lowers the band from high to medium: lower defect rate ppm from 0.38 to 0.3 share.",
  counterfactuals: [
    {
      changes: [{ feature: "defect_rate_ppm", text: "lower defect rate ppm from 0.38 to 0.3 share" }],
      ...{ cost: 0.1, score: { band: Band.MEDIUM, riskScore: 0.36 } },
    },
  ],
  fixedFeatures: [{ feature: "past_disputes", reason: FixedReason.IMMUTABLE }],
};
const none = {
  outcome: CounterfactualOutcome.NONE_WITHIN_LIMITS,
  summary: "No change of at most 2 features within the limits lowers the band from high to medium.",
  fixedFeatures: [
    { feature: "past_disputes", reason: FixedReason.IMMUTABLE },
    { feature: "defect_rate_ppm", reason: FixedReason.REQUEST },
  ],
};

describe.skipIf(!hasChromium)("what would lower the risk (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("the search begins when it is opened, and again when the reader excludes a feature", async () => {
    const asked: (readonly string[])[] = [];
    const counterfactuals = (excluded: readonly string[]) => {
      asked.push(excluded);
      return excluded.length === 0 ? found : none;
    };
    const { page, complaints } = await openPage(opsInMemory({ ...demoData(), counterfactuals }).routes, SUPPLIER);
    await page.getByText("What would lower the risk").waitFor();
    expect(asked).toEqual([]);
    await page.getByText("What would lower the risk").click();
    const row = page.getByRole("row").filter({ hasText: "Lower defect rate ppm from 0.38 to 0.3 share" });
    await row.getByText("0.36").waitFor();
    await row.getByText("Medium").waitFor();
    await page.getByText("Features that may change").click();
    await page.getByText("Declared as immutable: past disputes.").waitFor();
    const late = page.getByRole("checkbox", { name: "defect rate ppm" });
    await late.uncheck();
    await page.getByText("No change of at most 2 features within the limits").waitFor();
    expect(asked).toEqual([[], ["defect_rate_ppm"]]);
    await late.check();
    await row.getByText("0.36").waitFor();
    expect(complaints).toEqual([]);
  });
});
