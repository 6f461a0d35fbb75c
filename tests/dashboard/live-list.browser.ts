import { ModelIdentitySchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type Alert, AlertSchema, AlertSeverity, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { route } from "@bellwether/mesh/call/route";
import { clone, create } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoAlert, demoData, manyAlerts } from "./demo-data.ts";
import { activeName, changesBar, isActive, isDone, isLive, panel, row, rowNames } from "./inbox-page.ts";
import { type OpsData, opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const nothing = (): OpsData => ({ alerts: [], suppliers: [], histories: new Map(), runs: [] });
const withAlerts = (count: number): OpsData => ({ ...demoData(), alerts: manyAlerts(count) });
/** The time limit is long because the machine may be busy. */
const poll = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 25_000 });
const listTop = (page: Page) => page.locator(".inbox-list").evaluate((list) => Math.round(list.scrollTop));

/** Returns the centre of a row's severity on the screen: a person aims at it before more changes come in. */
async function aimAt(page: Page, name: string): Promise<{ x: number; y: number }> {
  const cell = row(page, name).locator(".cell-severity");
  await cell.scrollIntoViewIfNeeded();
  const box = await cell.boundingBox();
  if (!box) throw new Error(`${name} is not on the screen`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

describe.skipIf(!hasChromium)("a list of alerts while others change it (apt-get install chromium)", () => {
  const { openPage } = usePages();

  /**
   * Returns a function that changes, resolves or raises alerts, as another person would. Each change affects the
   * order of the list.
   */
  function otherPerson(data: OpsData, ops: ReturnType<typeof opsInMemory>) {
    const foreign = new Set<string>();
    let changed = 0;
    const change = (): void => {
      const i = 20 + (changed % 20);
      const alert = data.alerts[i];
      if (!alert) throw new Error(`no alert ${i}`);
      Object.assign(alert, { changedAt: timestampNow(), changedBy: "jo", version: alert.version + 1n });
      alert.severity = changed % 3 === 0 ? AlertSeverity.CRITICAL : AlertSeverity.WARNING;
      if (changed % 7 === 0) alert.state = AlertState.RESOLVED;
      if (changed % 7 === 3) alert.state = AlertState.OPEN;
      const raised = Object.assign(demoAlert(0), {
        alertId: `0190f3c0-0000-7000-a000-${String(changed).padStart(12, "0")}`,
        supplierName: `New ${changed}`,
      });
      data.alerts.push(raised);
      foreign.add(raised.alertId).add(alert.alertId);
      ops.alerts.publish([alert, raised]);
      changed++;
    };
    return { change, foreign, changed: () => changed };
  }

  test("200 live changes move no row during ten decisions by key and by pointer, and no decision acts on another row", {
    timeout: 120_000,
  }, async () => {
    const data = withAlerts(40);
    const ops = opsInMemory(data);
    const { page, complaints } = await openPage(ops.routes);
    await isLive(page);
    await isActive(page, "Supplier 000");
    const before = await rowNames(page);
    const { change, foreign, changed } = otherPerson(data, ops);
    const wanted: string[] = [];
    for (let decision = 0; decision < 10; decision++) {
      const name = `Supplier ${String(decision).padStart(3, "0")}`;
      wanted.push(name);
      const isByPointer = decision % 2 === 1;
      const at = await aimAt(page, name);
      for (let i = 0; i < 20; i++) change();
      await page
        .getByRole("button", { name: new RegExp(`^${Math.min(changed(), 20) + changed()} changes: show$`) })
        .waitFor();
      if (isByPointer) {
        await page.mouse.click(at.x, at.y);
        await panel(page).getByRole("button", { name: "Acknowledge" }).click();
      } else {
        await isActive(page, name);
        await page.keyboard.press("a");
      }
      await isDone(page, `Acknowledged: ${name}.`);
    }
    const decided = data.alerts.filter((alert) => alert.acknowledgedBy === "ana");
    console.log(
      `${changed()} live changes, ${wanted.length} decisions, on another row: ${
        decided.filter(({ supplierName }) => !wanted.includes(supplierName)).length
      }`,
    );
    expect(changed()).toBe(200);
    expect(decided.map(({ supplierName }) => supplierName).sort()).toEqual(wanted);
    expect(decided.filter(({ alertId }) => foreign.has(alertId))).toEqual([]);
    expect((await rowNames(page)).slice(0, 12)).toEqual(before.slice(0, 12));

    await changesBar(page).click();
    await changesBar(page).waitFor({ state: "detached" });
    expect(await rowNames(page)).not.toEqual(before);
    expect(complaints).toEqual([]);
  });

  test("the text about a decision, the bar of changes and the selection move no row", async () => {
    const data = withAlerts(12);
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes);
    await isLive(page);
    await row(page, "Supplier 003").waitFor();
    const tops = () =>
      page
        .locator(".inbox-rows .inbox-row")
        .evaluateAll((rows) => rows.map((one) => Math.round(one.getBoundingClientRect().top)).sort((a, b) => a - b));
    const before = await tops();
    await page.keyboard.press("a");
    await isDone(page, "Acknowledged: Supplier 000.");
    ops.alerts.publish([demoAlert(4)]);
    await changesBar(page).waitFor();
    await page.keyboard.press("r");
    await panel(page).getByRole("form").waitFor();
    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
    await isDone(page, "Resolved: Supplier 001.");
    await row(page, "Supplier 001").getByText("Resolved").first().waitFor();
    await page.keyboard.press("x");
    await page.getByText("1 selected").waitFor();
    expect(await tops()).toEqual(before);
  });

  test("the key . shows the changes and keeps the active alert", async () => {
    const data = withAlerts(12);
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes);
    await isLive(page);
    await isActive(page, "Supplier 000");
    for (let i = 0; i < 8; i++) await page.keyboard.press("j");
    await isActive(page, "Supplier 008");
    const urgent = data.alerts.splice(8, 1);
    data.alerts.unshift(
      ...urgent.map((alert) => Object.assign(alert, { severity: AlertSeverity.CRITICAL, expectedImpact: 9e9 })),
    );
    ops.alerts.publish(urgent);
    await changesBar(page).waitFor();
    expect((await rowNames(page))[8]).toBe("Supplier 008");
    await page.keyboard.press(".");
    await changesBar(page).waitFor({ state: "detached" });
    await poll(async () => (await rowNames(page))[0]).toBe("Supplier 008");
    expect(await activeName(page)).toBe("Supplier 008");
  });

  test("after a decision far down the list the list does not scroll, and the next row is active", async () => {
    const data = withAlerts(480);
    const { page } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Supplier 000");
    await page.locator(".inbox-list").evaluate((list) => list.scrollTo(0, 40 * 140));
    await row(page, "Supplier 148").click();
    await isActive(page, "Supplier 148");
    const at = await listTop(page);
    expect(at).toBeGreaterThan(2_000);
    await page.keyboard.press("a");
    await isDone(page, "Acknowledged: Supplier 148.");
    await isActive(page, "Supplier 149");
    expect(await listTop(page)).toBe(at);
    expect(data.alerts[149]?.state).toBe(AlertState.OPEN);
  });

  test("reload and back restore the scroll position, the loaded pages and the active alert", async () => {
    const data = { ...demoData(), alerts: manyAlerts(480) };
    for (const alert of data.alerts) alert.supplierId = "S-1000";
    const { page } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Supplier 000");
    await page.locator(".inbox-list").evaluate((list) => list.scrollTo(0, 40 * 190));
    await row(page, "Supplier 205").waitFor();
    await page.locator(".inbox-list").evaluate((list) => list.scrollTo(0, 40 * 250));
    await row(page, "Supplier 255").click();
    await panel(page)
      .getByRole("heading", { name: /Supplier 255/ })
      .waitFor();
    const at = await listTop(page);
    await poll(() => page.evaluate(() => window.history.state?.place?.listTop)).toBe(at);
    const isBack = async (): Promise<void> => {
      await isActive(page, "Supplier 255");
      await poll(() => listTop(page)).toBe(at);
    };
    await page.reload();
    await isBack();
    await panel(page).getByRole("link", { name: "Supplier 255" }).click();
    await page.getByRole("heading", { name: "Aldermoor Castings" }).waitFor();
    await page.goBack();
    await isBack();
  });

  test("after a broken watch the page continues after the last change, and the rows stay", async () => {
    const data = withAlerts(12);
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes);
    await isLive(page);
    await row(page, "Supplier 005").waitFor();
    const first = data.alerts[5];
    if (!first) throw new Error("the demo data has no alert");
    ops.alerts.publish([first]);
    const before = await rowNames(page);
    ops.changes.drop();
    const missed = demoAlert(0);
    data.alerts.unshift(missed);
    ops.alerts.publish([missed]);
    await changesBar(page).waitFor();
    expect(await rowNames(page)).toEqual(before);
  });

  test("a list that was read before a decision and arrives after it does not undo the decision", async () => {
    const data = withAlerts(12);
    const ops = opsInMemory(data);
    const late = Promise.withResolvers<void>();
    let [isHeld, held] = [false, 0];
    const decided = (alert: Alert): Alert =>
      Object.assign(alert, { state: AlertState.ACKNOWLEDGED, version: 2n, changedAt: timestampNow() });
    const listing = route(AlertService, {
      async *watchAlerts(_request, { signal }) {
        yield {};
        yield* ops.changes.values(signal);
      },
      getAlert: ({ alertId }) => ({ alert: data.alerts.find((one) => one.alertId === alertId) ?? {} }),
      decideAlerts: ({ actions }) => ({
        results: actions.map(({ action }) => {
          const alert = data.alerts.find((one) => one.alertId === action.value?.alertId);
          if (!alert) throw new Error("no such alert");
          return { alertId: alert.alertId, alert: decided(alert) };
        }),
      }),
      async listAlerts({ pageSize }) {
        const alerts = data.alerts.map((alert) => clone(AlertSchema, alert));
        if (isHeld && pageSize === 200 && ++held) await late.promise;
        return { alerts, totalSize: alerts.length };
      },
    });
    const { page } = await openPage([listing, ...ops.routes.filter(({ service }) => service !== AlertService)]);
    await isLive(page);
    await isActive(page, "Supplier 000");
    isHeld = true;
    ops.changes.drop();
    await poll(async () => held).toBeGreaterThan(0);
    await page.keyboard.press("a");
    await isDone(page, "Acknowledged: Supplier 000.");
    const answered = page.waitForResponse(/ListAlerts/);
    late.resolve();
    await (await answered).finished();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    await row(page, "Supplier 000").getByText("Acknowledged").waitFor();
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
    const { page } = await openPage(opsInMemory(data).routes, "#/alerts?model=second");
    await row(page, "Aldermoor Castings").waitFor();
    expect(await row(page, "Corvina Logistics").count()).toBe(0);
    await row(page, "Aldermoor Castings").click();
    await panel(page).getByRole("link", { name: "Aldermoor Castings" }).click();
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
    ops.alerts.publish([raised]);
    await row(page, "Dunmere Electronics").waitFor();
  });
});
