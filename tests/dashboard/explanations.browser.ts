import { ChangeNoteCode, FeatureUse } from "@bellwether/gen/bellwether/inference/v1/change_pb";
import { OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const SUPPLIER = "#/suppliers/S-1000";

const change = {
  ...{ beforeVersion: "v2", afterVersion: "v3" },
  change: {
    before: { riskScore: 0.4 },
    after: { riskScore: 0.55 },
    ...{ marginChange: 1, scoreChange: 0.15, baseScore: 0.01, calibrationScore: 0 },
    parts: [
      {
        ...{ feature: "late_ratio", unit: "share", usedBy: FeatureUse.BOTH },
        amount: { dataMargin: 0.9, dataScore: 0.12, modelScore: -0.01 },
        ...{ before: { value: 0.1 }, after: { value: 0.38 } },
      },
      {
        ...{ feature: "new_feature", usedBy: FeatureUse.AFTER_ONLY },
        ...{ amount: { dataScore: 0, modelScore: 0.03 }, after: { value: 4 } },
      },
    ],
    total: { dataScore: 0.12, modelScore: 0.03 },
    notes: [{ code: ChangeNoteCode.OTHER_FEATURES, feature: "new_feature", message: "only v3 uses new_feature" }],
  },
};

describe.skipIf(!hasChromium)("explanations on the page of a supplier (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("the change between two weeks is requested when it is opened, and shows data and model part of each feature", async () => {
    const data = { ...demoData(), change };
    const { page, complaints } = await openPage(opsInMemory(data).routes, SUPPLIER);
    await page.getByText("Why did it change between two weeks").click();
    await page.getByText("Risk score 0.40 → 0.55, by the models v2 and v3.").waitFor();
    const table = page.getByRole("region", { name: "Change by feature" });
    const cells = async (name: string) =>
      (await table.getByRole("row").filter({ hasText: name }).innerText())
        .split(/\s*[\t\n]\s*/)
        .filter((text) => text !== "");
    await expect.poll(() => cells("late ratio")).toEqual(["late ratio", "0.1 share → 0.38 share", "+12.0", "−1.0"]);
    expect(await cells("new feature")).toEqual(["new feature", "not used → 4", "0.0", "+3.0"]);
    expect(await cells("Base value")).toEqual(["Base value of the model", "–", "0.0", "+1.0"]);
    expect(await cells("whole change")).toEqual(["The whole change", "–", "+12.0", "+3.0"]);
    await page.getByText("1 remark", { exact: true }).click();
    await page.getByText("only v3 uses new_feature").waitFor();
    await page.getByLabel("Earlier week").selectOption({ index: 0 });
    await page.getByText("Choose two different weeks.").waitFor();
    expect(complaints).toEqual([]);
  });

  test("an error of the change affects only its part", async () => {
    const { page } = await openPage(opsInMemory(demoData()).routes, SUPPLIER);
    await page.getByText("Why did it change between two weeks").click();
    await page.getByRole("alert").getByText("the version v1 is not in the registry").waitFor();
    await page.getByRole("region", { name: "Why this score" }).waitFor();
  });

  test("what the model uses lists features with their share and their effect by value, or says why not", async () => {
    const point = (lowest: number, highest: number, meanContribution: number) => ({
      ...{ lowest, highest, meanContribution, rows: 10 },
    });
    const importance = {
      ...{ rows: 20, rowsText: "20 of 40 training rows", outputSpace: OutputSpace.MARGIN, featuresTotal: 17 },
      features: [
        { feature: "late_ratio", unit: "share", share: 0.412, dependence: [point(0, 0.2, -0.5), point(0.2, 1, 0.75)] },
      ],
    };
    const data = { ...demoData(), importance };
    const { page, complaints } = await openPage(opsInMemory(data).routes, SUPPLIER);
    await page.getByText("What the model uses").first().click();
    await page.getByText("Mean effect of each feature over 20 of 40 training rows").waitFor();
    await page.getByText("41.2 %").waitFor();
    await page.getByText("0 to 0.2 share: −0.50 … 0.2 to 1 share: +0.75").click();
    await page.getByText("16 less important features are not listed.").waitFor();
    expect(complaints).toEqual([]);
    const without = await openPage(opsInMemory(demoData()).routes, SUPPLIER);
    await without.page.getByText("What the model uses").first().click();
    await without.page.getByText("v3 has no global explanation.").waitFor();
  });
});
