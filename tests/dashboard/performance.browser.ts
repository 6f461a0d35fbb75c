import { OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";
import { demoPerformance, type PerformanceData, performanceData } from "./performance-in-memory.ts";

const REVIEW = { supplierId: "S-1000", supplierName: "Aldermoor <i>Castings</i>" };

describe.skipIf(!hasChromium)("Performance (apt-get install chromium)", () => {
  const { openPage } = usePages();

  async function open(change: Partial<PerformanceData> = {}, role: "viewer" | "analyst" = "analyst") {
    const data = performanceData(change);
    const session = {
      authentication: "on",
      subject: "0f3c",
      name: "Ada",
      actor: "Ada (0f3c)",
      role,
      method: "session",
    };
    const opened = await openPage(opsInMemory({ ...demoData(), performance: data }).routes, "#/alerts", session);
    await opened.page.getByRole("link", { name: "Performance" }).click();
    await opened.page.getByRole("heading", { name: "Performance", level: 1 }).waitFor();
    return { ...opened, data };
  }

  test("figures have intervals beside what needs no model, and texts from outside are texts", async () => {
    const { page, complaints } = await open();
    await page.getByText("Insolvency <b>or</b> worse.").waitFor();
    await page.getByText("2,400 of 6,000 scores have an outcome: 240 events, 2,160 dispositions.").waitFor();
    await page.getByText("Sources contradict each other at 36 of 108 scores.").waitFor();
    const auc = page.getByRole("region", { name: "Figures" }).getByRole("row", { name: /^AUC/ });
    await auc.getByText("0.82 (0.77 to 0.87)").waitFor();
    await auc.getByText("+0.21 (+0.12 to +0.30)").waitFor();
    await auc.getByText("0.75 (0.70 to 0.80)").waitFor();
    await auc.getByText("+0.07 (+0.01 to +0.13)").waitFor();
    await page.getByRole("columnheader", { name: "Scorecard v1 <i>" }).waitFor();
    await page
      .getByText(
        "Scorecard v1 <i>, on 300 supplier weeks that both have scored: 11 weeks computed later from the stored features, 1 week without stored features.",
      )
      .waitFor();
    await page
      .getByRole("row", { name: /^Region EU <i>north<\/i>/ })
      .getByText("AUC −0.20 (−0.25 to −0.15)")
      .waitFor();
    await page
      .getByRole("row", { name: /^Region US/ })
      .getByText("not outside chance")
      .waitFor();
    await page
      .getByRole("row", { name: /^Size not known/ })
      .getByText("too few outcomes to compare")
      .waitFor();
    await page.getByText("4 small segments not shown").waitFor();
    expect(complaints).toEqual([]);
  });

  test("each plot is described in words, and has its figures as a table", async () => {
    const { page } = await open();
    const weeks = page.getByRole("region", { name: "By week" });
    await weeks
      .getByRole("img", { name: "AUC by week, 12 weeks, the latest 0.82 (0.77 to 0.87) in 2026-W47" })
      .waitFor();
    // The first week has no outcome.
    expect(await weeks.locator(".dot").count()).toBe(11);
    await weeks.getByRole("combobox", { name: /^Figure/ }).selectOption("Recall at capacity");
    await weeks.getByRole("img", { name: /^Recall at capacity by week, 12 weeks, the latest 0.35/ }).waitFor();
    await weeks.getByText("All weeks as a table").press("Enter");
    expect(await weeks.getByRole("row").count()).toBe(13);
    await weeks
      .getByRole("row", { name: /^2026-W47/ })
      .getByText("horizon not over")
      .waitFor();
    await weeks
      .getByRole("row", { name: /^2026-W36/ })
      .getByText("no stored features")
      .waitFor();
    const calibration = page.getByRole("region", { name: "Calibration" });
    await calibration.getByRole("img", { name: "Share at which the risk occurred by mean score, 2 ranges" }).waitFor();
    await calibration.getByText("All ranges as a table").press("Enter");
    await calibration.getByRole("row", { name: /^0.80 to 0.90 40/ }).waitFor();
  });

  test("a supplier of the review sample is checked with one press, and the focus is not lost", async () => {
    const { page, data } = await open({ reviews: [REVIEW] });
    const card = page.getByRole("region", { name: "Please check" });
    await card.getByRole("button", { name: "No risk at Aldermoor <i>Castings</i>" }).press("Enter");
    await card.getByText("Recorded for S-1000.").waitFor();
    await card.getByRole("row").first().waitFor({ state: "detached" });
    expect(data.recorded[0]?.rows).toMatchObject([
      { supplierId: "S-1000", isoWeek: "2026-W47", value: OutcomeValue.NOT_OCCURRED },
    ]);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Please check");
  });

  test("a long review sample shows its first suppliers, and all of them on request", async () => {
    const reviews = Array.from({ length: 7 }, (_, i) => ({ supplierId: `S-${i}`, supplierName: `Supplier ${i}` }));
    const { page } = await open({ reviews });
    const card = page.getByRole("region", { name: "Please check" });
    await card.getByRole("row").nth(5).waitFor();
    expect(await card.getByRole("row").count()).toBe(6);
    await card.getByRole("button", { name: "Show all 7" }).press("Enter");
    await card.getByRole("row").nth(7).waitFor();
    await card.getByRole("button", { name: "No risk at Supplier 6" }).click();
    await card.getByText("Recorded for S-6.").waitFor();
  });

  test("a rejected outcome stays in the list and says why; a viewer has no buttons", async () => {
    const { page } = await open({ reviews: [REVIEW], rejection: "is in the future" });
    const card = page.getByRole("region", { name: "Please check" });
    await card.getByRole("button", { name: /^The risk is real/ }).click();
    await card.getByText("Not recorded: the outcome is in the future.").waitFor();
    expect(await card.getByRole("row").count()).toBe(2);
    const viewer = await open({ reviews: [REVIEW] }, "viewer");
    await viewer.page.getByRole("region", { name: "Please check" }).getByText("Aldermoor").waitFor();
    expect(await viewer.page.getByRole("button", { name: /No risk/ }).count()).toBe(0);
  });

  test("without outcomes the page says how to record them, and plots nothing", async () => {
    const { page } = await open({
      measure: () => ({ ...demoPerformance(), overall: { note: "no outcome is known" }, weeks: [], segments: [] }),
    });
    await page.getByText("Note: no outcome is known.").waitFor();
    await page.getByText("No outcome is known yet").waitFor();
    expect(await page.locator(".plot").count()).toBe(0);
  });

  test("a model without a scorecard has no column of one, and the page says why", async () => {
    const { scorecard: _none, ...overall } = demoPerformance().overall ?? {};
    const { page } = await open({
      measure: () => ({
        ...demoPerformance(),
        overall,
        scorecard: { note: "no scorecard of supplier-risk is published" },
      }),
    });
    await page.getByText("Not compared with a scorecard: no scorecard of supplier-risk is published.").waitFor();
    expect(await page.getByRole("columnheader", { name: /^Scorecard v1/ }).count()).toBe(0);
  });

  test("without a complete week it says so, and an error has a way out", async () => {
    const none = await open({
      measure: () => {
        throw new ConnectError("no complete run", Code.NotFound);
      },
    });
    await none.page.getByText("No weekly run is complete").waitFor();
    let isBroken = true;
    const broken = await open({
      measure: () => {
        if (isBroken) throw new ConnectError("two measurements run", Code.Internal);
        return demoPerformance();
      },
    });
    await broken.page.getByRole("alert").getByText("The server has an internal error").waitFor();
    isBroken = false;
    await broken.page.getByRole("button", { name: "Try again" }).click();
    await broken.page.getByRole("heading", { name: "2026-W36 to 2026-W47" }).waitFor();
  });
});
