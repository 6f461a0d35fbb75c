import { ModelIdentitySchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertSchema, AlertSeverity, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { route } from "@bellwether/mesh/call/route";
import { clone, create } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoAlert, demoData, manyAlerts } from "./demo-data.ts";
import { type OpsData, opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const nothing = (): OpsData => ({ alerts: [], suppliers: [], histories: new Map(), runs: [] });
const withAlerts = (count: number): OpsData => ({ ...nothing(), alerts: manyAlerts(count) });

/** Returns the first text of each row, from the top. */
const rowNames = (page: Page) =>
  page.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.querySelector("th a, td")?.textContent?.trim()));
const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });
const focusedLabel = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
const scrolledTo = (page: Page) => page.evaluate(() => Math.round(window.scrollY));
/** The time limit is long because the machine may be busy. */
const poll = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 10_000 });
const bar = (page: Page) => page.getByRole("button", { name: /changes?: show$/ });
const isLive = (page: Page) =>
  page
    .getByRole("status")
    .filter({ hasText: /^Live$/ })
    .waitFor();

/** Returns the present centre of a button on the screen: a person aims at it before more changes come in. */
async function aimAt(page: Page, name: string): Promise<{ x: number; y: number }> {
  const button = page.getByRole("button", { name, exact: true });
  await button.scrollIntoViewIfNeeded();
  const box = await button.boundingBox();
  if (!box) throw new Error(`${name} is not on the screen`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

describe.skipIf(!hasChromium)("a list of alerts while others change it (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("200 live changes move no row during ten decisions, and no decision acts on another row", {
    timeout: 120_000,
  }, async () => {
    const data = withAlerts(40);
    const ops = opsInMemory(data);
    const { page, complaints } = await openPage(ops.routes);
    await isLive(page);
    const before = await rowNames(page);
    const foreign = new Set<string>();
    let changed = 0;
    /**
     * Changes, resolves or raises alerts, as another person would. Each change affects the order of the list.
     */
    const change = (): void => {
      const i = 20 + (changed % 20);
      const alert = data.alerts[i];
      if (!alert) throw new Error(`no alert ${i}`);
      alert.changedAt = timestampNow();
      alert.severity = changed % 3 === 0 ? AlertSeverity.CRITICAL : AlertSeverity.WARNING;
      if (changed % 7 === 0) alert.state = AlertState.RESOLVED;
      if (changed % 7 === 3) alert.state = AlertState.OPEN;
      const raised = Object.assign(demoAlert(0), {
        alertId: `0190f3c0-0000-7000-a000-${String(changed).padStart(12, "0")}`,
        supplierName: `New ${changed}`,
      });
      data.alerts.unshift(raised);
      foreign.add(raised.alertId).add(alert.alertId);
      ops.changes.report({ alerts: [alert, raised] });
      data.alerts.push(...data.alerts.splice(data.alerts.indexOf(raised), 1));
      changed++;
    };
    const wanted: string[] = [];
    for (let decision = 0; decision < 10; decision++) {
      const name = `Supplier ${String(decision * 2).padStart(3, "0")}`;
      wanted.push(name);
      const at = await aimAt(page, `Acknowledge: ${name}`);
      for (let i = 0; i < 20; i++) change();
      await page
        .getByRole("button", { name: new RegExp(`^${Math.min(changed, 20) + changed} changes: show$`) })
        .waitFor();
      await page.mouse.click(at.x, at.y);
      await page.locator(".done", { hasText: `Acknowledged: ${name}` }).waitFor();
    }
    const decided = data.alerts.filter((alert) => alert.acknowledgedBy === "ana");
    expect(changed).toBe(200);
    expect(decided.map(({ supplierName }) => supplierName).sort()).toEqual(wanted);
    expect(decided.filter(({ alertId }) => foreign.has(alertId))).toEqual([]);
    expect(await rowNames(page)).toEqual(before);

    await bar(page).click();
    await bar(page).waitFor({ state: "detached" });
    expect(await rowNames(page)).not.toEqual(before);
    expect(complaints).toEqual([]);
  });

  test("the text about a decision and the bar of changes move no row", async () => {
    const data = withAlerts(12);
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes);
    await isLive(page);
    const tops = () =>
      page.locator("tbody tr").evaluateAll((rows) => rows.map((row) => Math.round(row.getBoundingClientRect().top)));
    const lefts = () =>
      page
        .getByRole("button", { name: /^(Acknowledge|Resolve): Supplier 00[012]$/ })
        .evaluateAll((buttons) => buttons.map((button) => Math.round(button.getBoundingClientRect().left)));
    const isWhole = (name: string) =>
      page.getByRole("button", { name }).evaluate((button) => {
        const edge = button.closest(".wide")?.getBoundingClientRect().right ?? 0;
        return button.getBoundingClientRect().right <= edge;
      });
    await page.getByRole("button", { name: "Acknowledge: Supplier 003" }).waitFor();
    const before = await tops();
    const leftsBefore = await lefts();
    expect(await isWhole("Resolve: Supplier 003")).toBe(true);
    await page.getByRole("button", { name: "Acknowledge: Supplier 003" }).click();
    await page.locator(".done", { hasText: "Acknowledged: Supplier 003" }).waitFor();
    ops.changes.report({ alerts: [demoAlert(4)] });
    await bar(page).waitFor();
    await page.getByRole("button", { name: "Resolve: Supplier 004" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Resolve" }).click();
    await page.getByRole("row", { name: "M-1004: Resolved" }).waitFor();
    expect(await tops()).toEqual(before);
    expect(await lefts()).toEqual(leftsBefore);
  });

  test("the key . shows the changes and keeps the focus on the same alert", async () => {
    const data = withAlerts(12);
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes);
    await isLive(page);
    await page.getByRole("button", { name: "Resolve: Supplier 008" }).focus();
    const urgent = data.alerts.splice(8, 1);
    data.alerts.unshift(...urgent.map((alert) => Object.assign(alert, { severity: AlertSeverity.CRITICAL })));
    ops.changes.report({ alerts: urgent });
    await bar(page).waitFor();
    expect((await rowNames(page))[8]).toBe("Supplier 008");
    await page.keyboard.press(".");
    await bar(page).waitFor({ state: "detached" });
    expect((await rowNames(page))[0]).toBe("Supplier 008");
    expect(await focusedLabel(page)).toBe("Resolve: Supplier 008");
  });

  test("after a decision far down the list the page does not scroll, and the focus moves to the next row", async () => {
    const data = withAlerts(48);
    const { page } = await openPage(opsInMemory(data).routes);
    const acknowledge = page.getByRole("button", { name: "Acknowledge: Supplier 040" });
    await acknowledge.scrollIntoViewIfNeeded();
    const at = await scrolledTo(page);
    expect(at).toBeGreaterThan(500);
    await acknowledge.focus();
    await page.keyboard.press("Enter");
    await page.locator(".done", { hasText: "Acknowledged: Supplier 040" }).waitFor();
    expect(await focusedLabel(page)).toBe("Resolve: Supplier 040");
    expect(await scrolledTo(page)).toBe(at);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Resolve" }).press("Enter");
    await page.getByRole("row", { name: "M-1040: Resolved" }).waitFor();
    await poll(() => focusedLabel(page)).toBe("Acknowledge: Supplier 041");
    expect(await scrolledTo(page)).toBe(at);
    expect(data.alerts[41]?.state).toBe(AlertState.OPEN);
  });

  test("reload and back restore the scroll position, the loaded pages and the focus", async () => {
    const data = { ...demoData(), alerts: manyAlerts(120) };
    for (const alert of data.alerts) alert.supplierId = "S-1000";
    const { page } = await openPage(opsInMemory(data).routes);
    await page.getByRole("button", { name: "Show more" }).click();
    const link = page.getByRole("link", { name: "Supplier 090" });
    await link.scrollIntoViewIfNeeded();
    const isBack = async (): Promise<void> => {
      await poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Supplier 090");
      await poll(() => scrolledTo(page)).toBe(at);
    };
    await link.focus();
    const at = await scrolledTo(page);
    expect(at).toBeGreaterThan(2_000);
    await page.reload();
    await isBack();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Aldermoor Castings" }).waitFor();
    await poll(() => scrolledTo(page)).toBe(0);
    await page.goBack();
    await isBack();
  });

  test("an alert that another rule took over names that rule and links to its alert", async () => {
    const data = demoData();
    const [taker] = data.alerts;
    if (!taker) throw new Error("the demo data has no alert");
    data.alerts.push(
      Object.assign(demoAlert(0, AlertState.RESOLVED), {
        ...{ alertId: "0190f3c0-0000-7000-8000-0000000000ff", ruleId: "weekly-capacity" },
        ...{ disposition: Disposition.REPLACED, replacedByAlertId: taker.alertId, replacedByRuleId: taker.ruleId },
      }),
    );
    const { page } = await openPage(opsInMemory(data).routes, "#/alerts?state=resolved");
    await page.getByText("Replaced by high-risk-score").waitFor();
    await page.getByRole("link", { name: "high-risk-score" }).click();
    await poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-row"))).toBe(taker.alertId);
  });

  test("after a broken watch the rows under the pointer stay, and the bar counts the missed changes", async () => {
    const data = withAlerts(12);
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes);
    await isLive(page);
    await row(page, "Supplier 005").hover();
    const before = await rowNames(page);
    data.alerts.unshift(demoAlert(0));
    ops.changes.drop();
    await page.getByRole("button", { name: "1 change: show" }).waitFor();
    expect(await rowNames(page)).toEqual(before);
  });

  test("a list that was read before a decision and arrives after it does not undo the decision", async () => {
    const data = withAlerts(12);
    const ops = opsInMemory(data);
    const late = Promise.withResolvers<void>();
    let [isHeld, held] = [false, 0];
    const listing = route(AlertService, {
      async *watchAlerts(_request, { signal }) {
        yield {};
        yield* ops.changes.values(signal);
      },
      acknowledgeAlert({ alertId }) {
        const alert = data.alerts.find((one) => one.alertId === alertId);
        if (!alert) throw new Error(`no alert ${alertId}`);
        Object.assign(alert, { state: AlertState.ACKNOWLEDGED, acknowledgedBy: "ana", changedAt: timestampNow() });
        return { alert };
      },
      async listAlerts() {
        const alerts = data.alerts.map((alert) => clone(AlertSchema, alert));
        if (isHeld && ++held) await late.promise;
        return { alerts };
      },
    });
    const { page } = await openPage([listing, ...ops.routes.filter(({ service }) => service !== AlertService)]);
    await isLive(page);
    await page.getByRole("button", { name: "Acknowledge: Supplier 003" }).waitFor();
    isHeld = true;
    ops.changes.drop();
    await poll(async () => held).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Acknowledge: Supplier 003" }).press("Enter");
    await page.locator(".done", { hasText: "Acknowledged: Supplier 003" }).waitFor();
    const answered = page.waitForResponse(/ListAlerts/);
    late.resolve();
    await (await answered).finished();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    await row(page, "Supplier 003").getByText("Acknowledged").waitFor();
  });

  test("the page shows alerts and scores of two models separately", async () => {
    const data = demoData();
    const second = Object.assign(demoAlert(0), {
      alertId: "0190f3c0-0000-7000-8000-0000000000fe",
      modelName: "second",
    });
    data.alerts.push(second);
    const scores = data.histories.get("S-1000") ?? [];
    const [latest] = scores;
    if (!latest) throw new Error("the demo data has no score");
    scores.push({ ...latest, riskScore: 0.12, model: create(ModelIdentitySchema, { name: "second", version: "v1" }) });
    const { page } = await openPage(opsInMemory(data).routes);
    await poll(() => row(page, "Aldermoor Castings").count()).toBe(2);
    await page.getByRole("link", { name: "second" }).click();
    await row(page, "Corvina Logistics").waitFor({ state: "detached" });
    expect(await row(page, "Aldermoor Castings").count()).toBe(1);
    expect(new URL(page.url()).hash).toBe("#/alerts?model=second");
    await row(page, "Aldermoor Castings").getByRole("link", { name: "Aldermoor Castings" }).click();
    await page.locator(".latest", { hasText: "0.12" }).waitFor();
    await page.getByText("Scores by second. Also scored by: supplier-risk").waitFor();
    await page.getByRole("link", { name: "supplier-risk", exact: true }).click();
    await page.locator(".latest", { hasText: "0.93" }).waitFor();
  });

  test("an empty list shows a new alert at once, because no row can move", async () => {
    const data = nothing();
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes);
    await page.getByText("No alert needs a decision").waitFor();
    await isLive(page);
    const raised = demoAlert(3);
    data.alerts.push(raised);
    ops.changes.report({ alerts: [raised] });
    await page.getByText("Dunmere Electronics").waitFor();
  });
});
