import {
  AlertSeverity,
  AlertSnoozeSchema,
  AlertState,
  AlertTrend,
  Disposition,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { route } from "@bellwether/mesh/call/route";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { READER } from "./alerts-in-memory.ts";
import { hasChromium } from "./browser.ts";
import { demoAlert, demoData, manyAlerts } from "./demo-data.ts";
import { activeName, isActive, isDone, isLive, panel, row } from "./inbox-page.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const withAlerts = (count: number) => ({ ...demoData(), alerts: manyAlerts(count) });

describe.skipIf(!hasChromium)("the inbox (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("a row has the score with its change, the expected impact, the values of the reasons, the owner and the age", async () => {
    const data = demoData();
    Object.assign(data.alerts[0] ?? {}, { owner: "kim" });
    const { page, complaints } = await openPage(opsInMemory(data).routes);
    const first = row(page, "Aldermoor Castings");
    await first.waitFor();
    const text = await first.innerText();
    for (const part of [
      "Critical",
      "0.93",
      "+0.12",
      "€3.9M",
      "past disputes 7, was 4",
      "stability index 0.35",
      "kim",
      "1 h",
    ]) {
      expect(text).toContain(part);
    }
    expect(await first.evaluate((one) => one.getBoundingClientRect().height)).toBe(40);
    expect(complaints).toEqual([]);
  });

  test("the panel follows the address: another alert, and none", async () => {
    const data = demoData();
    const [first, second] = data.alerts;
    const { page } = await openPage(opsInMemory(data).routes, `#/alerts?alert=${first?.alertId}`);
    await panel(page)
      .getByText(first?.supplierName ?? "", { exact: true })
      .first()
      .waitFor();
    const goTo = (hash: string) => page.evaluate((to) => window.location.assign(to), hash);
    await goTo(`#/alerts?alert=${second?.alertId}`);
    await panel(page)
      .getByText(second?.supplierName ?? "", { exact: true })
      .first()
      .waitFor();
    await goTo(`#/alerts?alert=${first?.alertId}`);
    await panel(page)
      .getByText(first?.supplierName ?? "", { exact: true })
      .first()
      .waitFor();
    await goTo("#/alerts");
    await panel(page).waitFor({ state: "detached" });
  });

  test("the tabs count their alerts and list them, and each is an address", async () => {
    const data = demoData();
    const [first, second, third] = data.alerts;
    Object.assign(first ?? {}, { owner: READER, trend: AlertTrend.NEW });
    Object.assign(second ?? {}, { trend: AlertTrend.WORSE });
    Object.assign(third ?? {}, { trend: AlertTrend.WORSE, snooze: create(AlertSnoozeSchema, { untilWorse: true }) });
    data.alerts.push(Object.assign(demoAlert(3), { state: AlertState.RESOLVED, disposition: Disposition.MITIGATED }));
    const { page } = await openPage(opsInMemory(data).routes);
    const tabs = page.getByRole("navigation", { name: "Lists of alerts" });
    for (const name of ["All 3", "Mine 1", "New 1", "Worse 1", "Snoozed 1", "Decided 1"]) {
      await tabs.getByRole("link", { name, exact: true }).waitFor();
    }
    await tabs.getByRole("link", { name: /Worse/ }).click();
    await row(page, "Brightwater Polymers").waitFor();
    expect(await row(page, "Aldermoor Castings").count()).toBe(0);
    expect(new URL(page.url()).hash).toContain("tab=worse");
    await tabs.getByRole("link", { name: /Decided/ }).click();
    await row(page, "Dunmere Electronics").waitFor();
  });

  test("keys move, open the panel with the explanation, acknowledge, and go on to the next row", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Aldermoor Castings");
    await page.keyboard.press("j");
    await isActive(page, "Brightwater Polymers");
    await page.keyboard.press("Enter");
    await panel(page).getByText("High because of 7 past disputes (typical 1) and a stability index of 0.35.").waitFor();
    await page.keyboard.press("a");
    await isDone(page, "Acknowledged: Brightwater Polymers.");
    expect(data.alerts[1]).toMatchObject({ state: AlertState.ACKNOWLEDGED, acknowledgedBy: READER });
    await isActive(page, "Corvina Logistics");
    await page.keyboard.press("k");
    await panel(page).getByText("Acknowledged by ana").waitFor();
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
  });

  test("an alert is resolved with a disposition and a note without leaving the list, and undone", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Aldermoor Castings");
    await page.keyboard.press("r");
    await panel(page).getByRole("form", { name: "Resolve: Aldermoor Castings" }).waitFor();
    await page.keyboard.press("3");
    await panel(page).getByLabel("Note for the history").fill("Wrong invoice: j k a r");
    await page.keyboard.press("Control+Enter");
    await isDone(page, "Resolved: Aldermoor Castings.");
    expect(data.alerts[0]).toMatchObject({ state: AlertState.RESOLVED, disposition: Disposition.FALSE_DATA });
    expect(data.alerts.slice(1).map(({ version }) => version)).toEqual([1n, 1n]);
    await isActive(page, "Brightwater Polymers");
    await page.keyboard.press("u");
    await isDone(page, "Undone: Aldermoor Castings.");
    expect(data.alerts[0]?.state).toBe(AlertState.OPEN);
  });

  test("nothing is chosen before in a form of a decision: without a choice nothing is sent", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Aldermoor Castings");
    for (const [key, name] of [
      ["r", "Resolve: Aldermoor Castings"],
      ["s", "Snooze: Aldermoor Castings"],
    ] as const) {
      await page.keyboard.press(key);
      const form = panel(page).getByRole("form", { name });
      await form.waitFor();
      expect(await form.getByRole("radio", { checked: true }).count()).toBe(0);
      await page.keyboard.press("Enter");
      await form.locator("input:invalid").first().waitFor();
      await page.keyboard.press("Escape");
    }
    await row(page, "Aldermoor Castings").click();
    await panel(page).getByRole("button", { name: "Override…" }).click();
    await panel(page).getByLabel("Reason").fill("   ");
    await panel(page).getByRole("button", { name: "Override", exact: true }).click();
    await panel(page).getByText("Nothing was sent: a choice or a text is missing.").waitFor();
    expect(data.alerts.map(({ version }) => version)).toEqual([1n, 1n, 1n]);
  });

  test("after a click in the panel the buttons keep place and focus, and a double click decides once", async () => {
    const data = withAlerts(5);
    Object.assign(data.alerts[1] ?? {}, { state: AlertState.ACKNOWLEDGED, supplierName: "A long name ".repeat(12) });
    const { page } = await openPage(opsInMemory(data).routes);
    await row(page, "Supplier 000").click();
    const acknowledge = panel(page).getByRole("button", { name: "Acknowledge" });
    await panel(page).getByText("High because of", { exact: false }).waitFor();
    const buttons = () =>
      panel(page)
        .locator(".panel-actions button")
        .evaluateAll((all) =>
          all.map((one) => [one.textContent, ...Object.values(one.getBoundingClientRect().toJSON())]),
        );
    const before = await buttons();
    await acknowledge.dblclick();
    await isDone(page, "Acknowledged: Supplier 000.");
    await panel(page)
      .getByRole("heading", { name: /^A long name/ })
      .waitFor();
    await panel(page).getByText("Acknowledged: Supplier 000.").waitFor();
    expect(await buttons()).toEqual(before);
    expect(await acknowledge.evaluate((one) => [document.activeElement === one, one.ariaDisabled])).toEqual([
      ...[true, "true"],
    ]);
    // The button is disabled, but it gets clicks.
    await acknowledge.click({ force: true });
    await page.keyboard.press("Enter");
    expect(data.alerts.map(({ version }) => version)).toEqual([2n, 1n, 1n, 1n, 1n]);
    await page.keyboard.press("j");
    await panel(page)
      .getByRole("heading", { name: /Supplier 002/ })
      .waitFor();
    await acknowledge.click();
    await isDone(page, "Acknowledged: Supplier 002.");
    expect(data.alerts.map(({ version }) => version)).toEqual([2n, 1n, 2n, 1n, 1n]);
  });

  test("keys of the list have no effect in a field, and ? shows them", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Aldermoor Castings");
    await page.keyboard.press("/");
    await page.keyboard.type("corvina");
    await row(page, "Aldermoor Castings").waitFor({ state: "detached" });
    expect(new URL(page.url()).hash).toBe("#/alerts?text=corvina");
    expect(await page.getByRole("searchbox", { name: /^Search in the list/ }).inputValue()).toBe("corvina");
    expect(data.alerts.map(({ version }) => version)).toEqual([1n, 1n, 1n]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    const help = page.getByRole("dialog", { name: "Keys" });
    await help.getByText("Hand over").waitFor();
    await help.getByLabel("Keys of one character have an effect").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("a");
    await page.keyboard.press("ArrowDown");
    expect(data.alerts.map(({ version }) => version)).toEqual([1n, 1n, 1n]);
  });

  test("several alerts are selected by key and snoozed at once", async () => {
    const data = withAlerts(12);
    const { page } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Supplier 000");
    for (const key of ["x", "j", "x", "j", "x"]) await page.keyboard.press(key);
    const bar = page.getByRole("region", { name: "Selected alerts" });
    await bar.getByText("3 selected").waitFor();
    await bar.getByRole("button", { name: "Snooze…" }).click();
    await page.getByLabel("For two weeks").check();
    await page.keyboard.press("Enter");
    await isDone(page, "Snoozed: 3 alerts.");
    expect(data.alerts.filter(({ snooze }) => snooze !== undefined).map(({ supplierName }) => supplierName)).toEqual([
      ...["Supplier 000", "Supplier 001", "Supplier 002"],
    ]);
    await bar.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await isDone(page, "Undone: 3 alerts.");
    expect(data.alerts.some(({ snooze }) => snooze !== undefined)).toBe(false);
  });

  test("two people on one alert: the second is told who did what, and nothing typed is lost", async () => {
    const data = demoData();
    const ops = opsInMemory(data);
    const { page } = await openPage(ops.routes);
    await isLive(page);
    await isActive(page, "Aldermoor Castings");
    await page.keyboard.press("r");
    await panel(page)
      .getByRole("radio", { name: /Mitigated/ })
      .check();
    const note = panel(page).getByLabel("Note for the history");
    await note.fill("We found a second source.");
    const [alert] = data.alerts;
    if (!alert) throw new Error("the demo data has no alert");
    alert.owner = "kim";
    ops.alerts.record(alert, {}, "jo");
    await note.press("Control+Enter");
    await panel(page).getByText("jo gave it to kim, just now.", { exact: false }).first().waitFor();
    expect(await note.inputValue()).toBe("We found a second source.");
    expect(alert.state).toBe(AlertState.OPEN);
    await note.press("Control+Enter");
    await isDone(page, "Resolved: Aldermoor Castings.");
    expect(alert.state).toBe(AlertState.RESOLVED);
  });

  test("a key on an alert that somebody else has resolved changes nothing and says who resolved it", async () => {
    const data = demoData();
    const { page } = await openPage(
      opsInMemory(data, (alert) => {
        if (alert.state === AlertState.RESOLVED) return;
        Object.assign(alert, { state: AlertState.RESOLVED, disposition: Disposition.MITIGATED });
        Object.assign(alert, { changedBy: "jo", version: 9n, sequence: 99n });
      }).routes,
    );
    await isActive(page, "Aldermoor Castings");
    await page.keyboard.press("a");
    await isDone(page, /Not changed: Aldermoor Castings\. jo resolved it \(mitigated\)/);
    await row(page, "Aldermoor Castings").getByText("Resolved").first().waitFor();
  });

  test("typed text is kept when the session has ended, also after the page is loaded again", async () => {
    const data = demoData();
    const ops = opsInMemory(data);
    const ended = route(AlertService, {
      decideAlerts() {
        throw new ConnectError("sign in", Code.Unauthenticated);
      },
      listAlerts: () => ({ alerts: data.alerts, totalSize: 3 }),
      getAlert: ({ alertId }) => ({ alert: data.alerts.find((one) => one.alertId === alertId) ?? {} }),
    });
    const { page } = await openPage([ended, ...ops.routes.filter(({ service }) => service !== AlertService)]);
    await isActive(page, "Aldermoor Castings");
    await page.keyboard.press("c");
    const comment = panel(page).getByRole("textbox", { name: /^Comment/ });
    await comment.fill("Called the plant manager.");
    await comment.press("Control+Enter");
    await panel(page).getByText("You are not signed in", { exact: false }).waitFor();
    expect(await comment.inputValue()).toBe("Called the plant manager.");
    await page.reload();
    await isActive(page, "Aldermoor Castings");
    await page.keyboard.press("c");
    expect(await comment.inputValue()).toBe("Called the plant manager.");
  });

  test("a view is an address: filters, order and the open panel come back after a reload", async () => {
    const { page } = await openPage(opsInMemory(withAlerts(30)).routes);
    await page.getByLabel("Order").selectOption({ label: "Highest expected impact first" });
    await page.getByRole("radio", { name: "Warning" }).check();
    await row(page, "Supplier 018").click();
    await panel(page)
      .getByRole("heading", { name: /Supplier 018/ })
      .waitFor();
    const address = page.url();
    expect(new URL(address).hash).toMatch(/^#\/alerts\?severity=warning&order=money&alert=/);
    await page.reload();
    await panel(page)
      .getByRole("heading", { name: /Supplier 018/ })
      .waitFor();
    expect(await activeName(page)).toBe("Supplier 018");
    expect(page.url()).toBe(address);
  });

  test("further filters are in a popover, and saved views in a menu", async () => {
    const data = withAlerts(12);
    for (const [i, alert] of data.alerts.entries()) alert.owner = i % 3 ? "" : "kim";
    const { page, complaints } = await openPage(opsInMemory(data).routes);
    await row(page, "Supplier 001").waitFor();
    await page.getByRole("button", { name: "Filters" }).click();
    const popover = page.getByRole("dialog", { name: "Filters" });
    await popover.getByLabel("Owner", { exact: true }).fill("kim");
    await popover.getByRole("button", { name: "Show" }).click();
    await row(page, "Supplier 001").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Filters (1)" }).waitFor();
    page.once("dialog", (dialog) => void dialog.accept("Kim's alerts"));
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("menuitem", { name: "Save this view…" }).click();
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("menuitem", { name: "Critical without owner" }).click();
    await row(page, "Supplier 001").waitFor();
    expect(await row(page, "Supplier 000").count()).toBe(0);
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("menuitem", { name: "Kim's alerts" }).click();
    await row(page, "Supplier 000").waitFor();
    expect(complaints).toEqual([]);
  });

  test("an alert is handed over to a person, and the panel shows the history", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Aldermoor Castings");
    await page.keyboard.press("h");
    await page.keyboard.type("jo");
    await page.keyboard.press("Enter");
    await isDone(page, "Handed over to jo: Aldermoor Castings.");
    expect(data.alerts[0]?.owner).toBe("jo");
    await row(page, "Aldermoor Castings").getByText("jo").waitFor();
    await page.keyboard.press("k");
    await panel(page).getByText("Handed over by ana").waitFor();
  });

  test("the severity is overridden until a day, with a reason", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await row(page, "Aldermoor Castings").click();
    await panel(page).getByRole("button", { name: "Override…" }).click();
    await panel(page).getByLabel("Severity").selectOption({ label: "Warning" });
    await panel(page).getByLabel("Reason").fill("Known seasonal effect.");
    await panel(page).getByRole("button", { name: "Override", exact: true }).click();
    await isDone(page, "Overridden: Aldermoor Castings.");
    expect(data.alerts[0]?.severity).toBe(AlertSeverity.WARNING);
  });

  test("a viewer reads everything, and is offered no decision", async () => {
    const data = demoData();
    Object.assign(data.alerts[0] ?? {}, { owner: READER });
    const viewer = { authentication: "on", subject: READER, name: "Ana", role: "viewer", method: "token" };
    const { page } = await openPage(opsInMemory(data).routes, "", viewer);
    await page.getByText("(viewer)").waitFor();
    await isActive(page, "Aldermoor Castings");
    expect(await page.getByRole("checkbox").count()).toBe(0);
    await page.keyboard.press("Enter");
    await panel(page).getByText("High because of", { exact: false }).waitFor();
    expect(await panel(page).getByRole("button").allInnerTexts()).toEqual(["Close"]);
    for (const key of ["a", "r", "s", "h", "c", "x"]) await page.keyboard.press(key);
    await isDone(page, "Your role allows you to read alerts, but not to decide about them.");
    expect(data.alerts.map(({ version }) => version)).toEqual([1n, 1n, 1n]);
    await page.getByRole("link", { name: "Mine 1" }).click();
    await row(page, "Aldermoor Castings").waitFor();
  });

  test("numbers are written as the reader's browser writes them", async () => {
    const { page } = await openPage(opsInMemory(demoData()).routes);
    const german = await page.context().browser()?.newContext({ locale: "de-DE" });
    if (!german) throw new Error("the browser has ended");
    const other = await german.newPage();
    await other.goto(page.url());
    await row(other, "Aldermoor Castings").getByText("0,93").waitFor();
    await row(other, "Aldermoor Castings").getByText("stability index 0,35", { exact: false }).waitFor();
    await german.close();
  });

  test("the panel shows the alert when the explanation cannot be loaded", async () => {
    const ops = opsInMemory(demoData());
    const withoutSuppliers = ops.routes.filter(({ service }) => !service.typeName.endsWith("SupplierService"));
    const { page } = await openPage(withoutSuppliers);
    await row(page, "Aldermoor Castings").click();
    await panel(page).getByRole("alert").waitFor();
    await panel(page).getByRole("button", { name: "Acknowledge" }).click();
    await isDone(page, "Acknowledged: Aldermoor Castings.");
  });
});
