import { AlertEventKind } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { route } from "@bellwether/mesh/call/route";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoAlert, demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const isShown = (page: Page, words: string | RegExp) => page.getByText(words).first().waitFor();

describe.skipIf(!hasChromium)("the dashboard in Chromium (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("the page of a supplier says why in one sentence, and shows the effects, the history and the waterfall", async () => {
    const { page, complaints } = await openPage(opsInMemory(demoData()).routes, "#/suppliers/S-1000");
    await page.getByText("High because of 7 past disputes (typical 1) and a stability index of 0.35.").waitFor();
    await page.getByText("13 of 14 values known").waitFor();
    const disputes = page.getByRole("region", { name: "Why this score" }).getByRole("row").nth(1);
    for (const text of ["past disputes", "\t7\t", "\t4\t", "\t1\t", "+"]) {
      await expect.poll(() => disputes.innerText()).toContain(text);
    }
    const history = page.getByRole("img", {
      name: "Risk score by week, 24 weeks, the latest 0.93 in 2026-W47",
    });
    await history.locator("text", { hasText: "v3" }).waitFor();
    await history.locator("text", { hasText: "High from about here" }).waitFor();
    await page.getByText("Details", { exact: true }).click();
    const waterfall = page.getByRole("img", { name: /^Waterfall from the average −1.20 by 15 contributions to/ });
    await waterfall.locator("text", { hasText: "past disputes: 7 (typical 1)" }).waitFor();
    await waterfall.locator("text", { hasText: "contract text (2 words)" }).waitFor();
    await waterfall.locator("text", { hasText: "2 other features" }).waitFor();
    await isShown(page, "1 of 14 features not known: audit findings.");
    await page.getByText("All 15 effects as a table").click();
    await page.getByRole("row").filter({ hasText: "Northern Europe" }).last().waitFor();
    await page.getByText("2 words", { exact: true }).last().click();
    await page.getByText(/“force majeure” −\d\.\d+, “penalty” \+\d\.\d+/).waitFor();
    expect(complaints).toEqual([]);
  });

  test("an unknown supplier and an unknown address each offer a link to go on", async () => {
    const { page } = await openPage(opsInMemory(demoData()).routes, "#/suppliers/nobody");
    await isShown(page, "There is no supplier with this id");
    await page.evaluate(() => {
      window.location.hash = "#/elsewhere";
    });
    await page.getByRole("link", { name: "Go to the alerts." }).click();
    await isShown(page, "Aldermoor Castings");
  });

  test("the page shows the progress of a run, and its counts when it is complete", async () => {
    const data = demoData();
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes, "#/run");
    await isShown(page, "1 of 4 parts scored");
    await expect.poll(() => ops.runs.watchers).toBe(1);
    const [run] = data.runs;
    if (!run) throw new Error("the demo data has no run");

    run.chunksReceived = 3;
    ops.runs.report({ ...run });
    await isShown(page, "3 of 4 parts scored");
    Object.assign(run, { state: RunState.COMPLETE, stage: RunStage.REPORT, chunksReceived: 4, rowsScored: 12_491n });
    ops.runs.report({ ...run });
    await page.locator(".page-head").getByText("Complete").waitFor();
    await isShown(page, "12,491");
  });

  test("with runs of two models, the list of runs can show those of one; with one model there is no choice", async () => {
    const data = demoData();
    const one = await openPage(opsInMemory(data).routes, "#/run");
    const listOf = (page: Page) => page.getByRole("region", { name: "Latest runs" });
    await listOf(one.page).getByRole("row").nth(2).waitFor();
    expect(await listOf(one.page).getByLabel("Model").count()).toBe(0);
    const runs = data.runs.flatMap((run) => [run, { ...run, runId: run.runId + 100, modelName: "delivery" }]);
    const { page, complaints } = await openPage(opsInMemory({ ...data, runs }).routes, "#/run");
    await expect.poll(() => listOf(page).getByRole("row").count()).toBe(1 + runs.length);
    await listOf(page).getByLabel("Model").selectOption("delivery");
    await expect.poll(() => listOf(page).getByRole("row").count()).toBe(1 + data.runs.length);
    expect(await listOf(page).getByRole("rowheader", { name: "supplier-risk" }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("without data every page says what will bring data", async () => {
    const nothing = { alerts: [], suppliers: [], histories: new Map(), runs: [] };
    const { page } = await openPage(opsInMemory(nothing).routes);
    await isShown(page, "No alert needs a decision");
    await page.getByRole("link", { name: "Suppliers" }).click();
    await isShown(page, "No suppliers yet");
    await page.getByRole("link", { name: "Weeks" }).click();
    await isShown(page, "No weekly run yet");
  });

  test("the page reports a failing server without the server's error text, and can try again", async () => {
    const ops = opsInMemory(demoData());
    let broken = true;
    const failing = route(AlertService, {
      listAlerts() {
        if (broken) throw new ConnectError("secret detail", Code.Internal);
        return { alerts: [demoAlert(0)], totalSize: 1 };
      },
    });
    const { page } = await openPage([failing, ...ops.routes.filter(({ service }) => service !== AlertService)]);
    await isShown(page, "The server has an internal error");
    expect(await page.getByText("secret detail").count()).toBe(0);
    broken = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await isShown(page, "Aldermoor Castings");
  });

  test("the page reports a broken watch and reconnects", async () => {
    const data = demoData();
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes);
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    ops.changes.drop();
    await page
      .getByRole("status")
      .filter({ hasText: /^Not live since \d\d:\d\d, reconnecting$/ })
      .waitFor();
    await page
      .getByRole("status")
      .filter({ hasText: /^Live$/ })
      .waitFor();
  });

  test("decisions and comments of a supplier are in its timeline", async () => {
    const data = demoData();
    const ops = opsInMemory(data);
    const [alert] = data.alerts;
    if (!alert) throw new Error("the demo data has no alert");
    ops.alerts.record(alert, { kind: AlertEventKind.COMMENTED, note: "Strike is over." }, "jo");
    const { page } = await openPage(ops.routes, "#/suppliers/S-1000");
    const timeline = page.getByRole("region", { name: "What happened" });
    await timeline.getByText("Comment by jo").waitFor();
    await timeline.getByText("Strike is over.").waitFor();
    await page.getByRole("link", { name: "Decide in the inbox" }).click();
    await page.getByRole("button", { name: "Resolve…" }).waitFor();
  });
});
