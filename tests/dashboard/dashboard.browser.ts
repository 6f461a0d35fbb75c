import { AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
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

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });
const isShown = (page: Page, words: string | RegExp) => page.getByText(words).first().waitFor();

describe.skipIf(!hasChromium)("the dashboard in Chromium (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("the page lists alerts, and shows a later one when its reader asks for changes", async () => {
    const data = demoData();
    const ops = opsInMemory(data);
    const { page, complaints } = await openPage(ops.routes);
    await isShown(page, "Aldermoor Castings");
    expect(await page.getByRole("row").count()).toBe(1 + data.alerts.length);
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();

    const raised = demoAlert(3);
    data.alerts.push(raised);
    ops.changes.report({ alerts: [raised] });
    const bar = page.getByRole("button", { name: "1 change: show" });
    await bar.waitFor();
    expect(await row(page, "Dunmere Electronics").count()).toBe(0);
    await bar.click();
    await isShown(page, "Dunmere Electronics");
    await bar.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  test("an alert can be acknowledged by keyboard, and the focus moves to the next button", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await page.getByRole("button", { name: "Acknowledge: Brightwater Polymers" }).focus();
    await page.keyboard.press("Enter");
    await row(page, "Brightwater Polymers").getByText("Acknowledged").waitFor();
    await isShown(page, "Acknowledged: Brightwater Polymers");
    expect(data.alerts[1]).toMatchObject({ state: AlertState.ACKNOWLEDGED, acknowledgedBy: "ana" });
    const focused = page.getByRole("button", { name: "Resolve: Brightwater Polymers" });
    expect(await focused.evaluate((button) => button === document.activeElement)).toBe(true);
  });

  test("an alert is resolved with a disposition and a note, and its history shows both", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await page.getByRole("button", { name: "Resolve: Corvina Logistics" }).click();
    const dialog = page.getByRole("dialog", { name: "Resolve: Corvina Logistics" });
    await dialog.getByLabel("False alarm: wrong data").check();
    await dialog.getByLabel("Note for the history").fill("Strike is over.");
    await dialog.getByRole("button", { name: "Resolve" }).click();
    await row(page, "Corvina Logistics").waitFor({ state: "detached" });
    expect(data.alerts[2]).toMatchObject({ state: AlertState.RESOLVED, disposition: Disposition.FALSE_DATA });

    await page.getByLabel("Resolved").check();
    await page.getByRole("link", { name: "Corvina Logistics" }).click();
    await page.getByText("History").click();
    await isShown(page, "Strike is over.");
  });

  test("Escape closes the dialog and changes nothing", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await page.getByRole("button", { name: "Resolve: Corvina Logistics" }).click();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(data.alerts[2]?.state).toBe(AlertState.OPEN);
  });

  test("the page reports that somebody else has resolved the alert", async () => {
    const somebodyElse = opsInMemory(demoData(), (alert) => {
      alert.state = AlertState.RESOLVED;
    });
    const { page } = await openPage(somebodyElse.routes);
    await page.getByRole("button", { name: "Acknowledge: Aldermoor Castings" }).click();
    await isShown(page, /Not acknowledged: Aldermoor Castings.*Somebody else was first/);
    await row(page, "Aldermoor Castings").waitFor({ state: "detached" });
    await row(page, "S-1000: Resolved").waitFor();
  });

  test("the filter narrows the list and is part of the address", async () => {
    const { page } = await openPage(opsInMemory(demoData()).routes);
    await page.getByLabel("Warning").check();
    await row(page, "Aldermoor Castings").waitFor({ state: "detached" });
    expect(await row(page, "Corvina Logistics").count()).toBe(1);
    expect(new URL(page.url()).hash).toBe("#/alerts?severity=warning");
    await page.getByLabel("Resolved").check();
    await page.getByLabel("Open").uncheck();
    await page.getByLabel("Acknowledged").uncheck();
    await isShown(page, "No alert matches this filter");
  });

  test("the page of a supplier shows its history with a gap and the waterfall of its score", async () => {
    const { page, complaints } = await openPage(opsInMemory(demoData()).routes, "#/suppliers/S-1000");
    await page.getByRole("img", { name: "Risk score by week, 24 weeks, the latest 0.93 in 2026-W47" }).waitFor();
    const waterfall = page.getByRole("img", { name: /^Waterfall from the base value −1.20 by 15 contributions to/ });
    await waterfall.locator("text", { hasText: "late delivery ratio: 0.31 (typical 0.08)" }).waitFor();
    await waterfall.locator("text", { hasText: "contract text (2 words)" }).waitFor();
    await waterfall.locator("text", { hasText: "2 other features" }).waitFor();
    await isShown(
      page,
      "The score is increased most by late delivery ratio 0.31 (typical 0.08) and days payable outstanding 2.81 days (typical 45).",
    );
    await isShown(page, "1 of 14 features not known: audit findings.");
    await page.getByText("All 15 contributions as a table").click();
    await page.getByRole("row").filter({ hasText: "Northern Europe" }).waitFor();
    await page.getByText("2 words", { exact: true }).click();
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

  test("a name that contains markup is shown as text", async () => {
    const data = demoData();
    const name = "<img src=x onerror=alert(1)> & Co";
    for (const alert of data.alerts) alert.supplierName = name;
    const { page, complaints } = await openPage(opsInMemory(data).routes);
    await isShown(page, name);
    expect(complaints).toEqual([]);
  });

  test("the page shows the progress of a run, and its counts when it is complete", async () => {
    const data = demoData();
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes, "#/run");
    await isShown(page, "1 of 4 chunks scored");
    await expect.poll(() => ops.runs.watchers).toBe(1);
    const [run] = data.runs;
    if (!run) throw new Error("the demo data has no run");

    run.chunksReceived = 3;
    ops.runs.report({ ...run });
    await isShown(page, "3 of 4 chunks scored");
    Object.assign(run, { state: RunState.COMPLETE, stage: RunStage.REPORT, chunksReceived: 4, rowsScored: 12_491n });
    ops.runs.report({ ...run });
    await page.locator(".page-head").getByText("Complete").waitFor();
    await isShown(page, "12,491");
  });

  test("without data every page says what will bring data", async () => {
    const nothing = { alerts: [], suppliers: [], histories: new Map(), runs: [] };
    const { page } = await openPage(opsInMemory(nothing).routes);
    await isShown(page, "No alert needs a decision");
    await page.getByRole("link", { name: "Suppliers" }).click();
    await isShown(page, "No suppliers yet");
    await page.getByRole("link", { name: "Weekly run" }).click();
    await isShown(page, "No weekly run yet");
  });

  test("the page reports a failing server without the server's error text, and can try again", async () => {
    const ops = opsInMemory(demoData());
    let broken = true;
    const failing = route(AlertService, {
      listAlerts() {
        if (broken) throw new ConnectError("secret detail", Code.Internal);
        return { alerts: [demoAlert(0)] };
      },
    });
    const { page } = await openPage([failing, ...ops.routes.filter(({ service }) => service !== AlertService)]);
    await isShown(page, "The server has an internal error");
    expect(await page.getByText("secret detail").count()).toBe(0);
    broken = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await isShown(page, "Aldermoor Castings");
  });

  test("the page reports a broken watch, reconnects, and shows what it missed", async () => {
    const data = demoData();
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes);
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    data.alerts.push(demoAlert(4));
    ops.changes.drop();
    await page
      .getByRole("status")
      .filter({ hasText: /^Not live since \d\d:\d\d, reconnecting$/ })
      .waitFor();
    await page
      .getByRole("status")
      .filter({ hasText: /^Live$/ })
      .waitFor();
    await isShown(page, "Estrel Packaging");
  });
});
