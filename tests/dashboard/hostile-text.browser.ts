import { FeatureUse } from "@bellwether/gen/bellwether/inference/v1/change_pb";
import { CounterfactualOutcome, FixedReason } from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { NarrativeOutcome, NarrativeRejection } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const SUPPLIER = "#/suppliers/S-1000";

/** Markup, a handler, a link, the order of letters turned round, and a word without a place to break. */
const HOSTILE = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script> [x](javascript:alert(1)) \u202eabc ${"W".repeat(600)}`;

/** The text as the page shows it: markup as letters, and characters that change the order as escapes. */
const SHOWN = `<img src=x onerror="document.title='owned'">`;

/** Fails when a part of the text was taken for markup, or made the page wider than its window. */
async function expectHarmless(page: Page): Promise<void> {
  expect(await page.title()).not.toBe("owned");
  expect(await page.locator("main img, main script, main a[href^=javascript]").count()).toBe(0);
  expect(await page.locator("main").innerText()).not.toContain("\u202e");
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
}

describe.skipIf(!hasChromium)("hostile text on the page of a supplier (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("the narrative shows it as letters, marks the sentences that were added and says what is not shown", async () => {
    const narrative = {
      sentences: [`Generated ${HOSTILE}.`, "The risk is increased by late ratio.", "Not known: region."],
      info: {
        ...{ generated: true, outcome: NarrativeOutcome.SENTENCES_REPLACED, languageModel: HOSTILE },
        ...{ rejection: NarrativeRejection.CLAIMS, templateSentences: [1, 2], rejectedSentences: 1 },
      },
    };
    const { page, complaints } = await openPage(opsInMemory({ ...demoData(), narrative }).routes, SUPPLIER);
    await page.getByRole("button", { name: "English" }).click();
    const card = page.getByRole("region", { name: "In words" });
    await card.getByText(SHOWN).first().waitFor();
    expect(await card.locator("mark").allInnerTexts()).toEqual(
      [...["The risk is increased by late ratio. ", "Not known: region. "].map((text) => text.trim())].map((text) =>
        expect.stringContaining(text),
      ),
    );
    await card
      .getByText("2 marked sentences were added by Bellwether. Not shown: 1 sentence without a statement to check.")
      .waitFor();
    await expectHarmless(page);
    expect(complaints).toEqual([]);
  });

  test("a whole generated narrative marks nothing", async () => {
    const { page } = await openPage(opsInMemory(demoData()).routes, SUPPLIER);
    await page.getByRole("button", { name: "Deutsch" }).click();
    const card = page.getByRole("region", { name: "In words" });
    await card.getByText("S-1000 auf Deutsch.").waitFor();
    expect(await card.locator("mark").count()).toBe(0);
  });

  test("counterfactuals show it as letters", async () => {
    const counterfactuals = () => ({
      outcome: CounterfactualOutcome.FOUND,
      summary: `Smallest ${HOSTILE}`,
      counterfactuals: [
        {
          changes: [{ feature: HOSTILE.slice(0, 120), text: `lower ${HOSTILE}` }],
          ...{ cost: 0.1, score: { band: Band.MEDIUM, riskScore: 0.36 } },
        },
      ],
      fixedFeatures: [{ feature: HOSTILE.slice(0, 120), reason: FixedReason.IMMUTABLE }],
    });
    const { page, complaints } = await openPage(opsInMemory({ ...demoData(), counterfactuals }).routes, SUPPLIER);
    await page.getByText("What would lower the risk").click();
    await page.getByRole("row").filter({ hasText: "0.36" }).getByText(SHOWN).first().waitFor();
    await page.getByText("Features that may change").click();
    await page.getByText("Declared as immutable").waitFor();
    await expectHarmless(page);
    expect(complaints).toEqual([]);
  });

  test("the change between two weeks shows it as letters", async () => {
    const change = {
      ...{ beforeVersion: "v2", afterVersion: "v3" },
      change: {
        ...{ before: { riskScore: 0.4 }, after: { riskScore: 0.55 }, marginChange: 1, scoreChange: 0.15 },
        parts: [
          {
            ...{ feature: HOSTILE.slice(0, 120), unit: "<b>x</b>", usedBy: FeatureUse.BOTH },
            amount: { dataMargin: 0.9, dataScore: 0.12, modelScore: -0.01 },
            ...{ before: { category: HOSTILE }, after: { category: "\u202eabc" } },
          },
        ],
        total: { dataScore: 0.12, modelScore: 0.03 },
        notes: [{ message: HOSTILE }],
      },
    };
    const { page, complaints } = await openPage(opsInMemory({ ...demoData(), change }).routes, SUPPLIER);
    await page.getByText("Why did it change between two weeks").click();
    await page.getByRole("region", { name: "Change by feature" }).getByText(SHOWN).first().waitFor();
    await page.getByText("1 remark", { exact: true }).click();
    await expectHarmless(page);
    expect(complaints).toEqual([]);
  });
});
