import { readFile } from "node:fs/promises";
import { AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData, manyAlerts } from "./demo-data.ts";
import { isActive, isDone, panel, row } from "./inbox-page.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

/** The largest number of keys and clicks for the work of a Monday. */
const MAX_INPUTS = 40;

/** Presses keys and counts them. */
function countedKeys(page: Page) {
  let count = 0;
  return {
    async press(...keys: string[]): Promise<void> {
      for (const key of keys) {
        await page.keyboard.press(key);
        count++;
      }
    },
    count: () => count,
  };
}

describe.skipIf(!hasChromium)("the work of a Monday (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("ten alerts triaged, one handed over, one snoozed and the list exported in at most 40 keys", {
    timeout: 120_000,
  }, async () => {
    const data = { ...demoData(), alerts: manyAlerts(179) };
    const { page, complaints } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Supplier 000");
    const keys = countedKeys(page);
    const name = (i: number): string => `Supplier ${String(i).padStart(3, "0")}`;

    for (let i = 0; i < 7; i++) {
      await isActive(page, name(i));
      await keys.press("a");
      await isDone(page, `Acknowledged: ${name(i)}.`);
    }
    // Resolved with a disposition: mitigated, wrong data and wrong score.
    for (const [i, digit] of [
      [7, "1"],
      [8, "3"],
      [9, "4"],
    ] as const) {
      await isActive(page, name(i));
      await keys.press("r");
      await panel(page)
        .getByRole("form", { name: `Resolve: ${name(i)}` })
        .waitFor();
      await keys.press(digit, "Enter");
      await isDone(page, `Resolved: ${name(i)}.`);
    }
    await isActive(page, name(10));
    await keys.press("h");
    await panel(page).getByRole("combobox", { name: "New owner" }).waitFor();
    await keys.press("j", "o", "Enter");
    await isDone(page, `Handed over to jo: ${name(10)}.`);
    await isActive(page, name(11));
    await keys.press("s");
    await panel(page)
      .getByRole("form", { name: `Snooze: ${name(11)}` })
      .waitFor();
    await keys.press("1", "Enter");
    await isDone(page, `Snoozed: ${name(11)}.`);
    const downloading = page.waitForEvent("download");
    await keys.press("e");
    const file = await (await downloading).path();
    await isDone(page, "Exported: 176 alerts to alerts.csv.");

    console.log(`Monday: ${keys.count()} keys, 0 clicks`);
    expect(keys.count()).toBeLessThanOrEqual(MAX_INPUTS);
    expect(data.alerts.slice(0, 7).map(({ state }) => state)).toEqual(Array(7).fill(AlertState.ACKNOWLEDGED));
    expect(data.alerts.slice(7, 10).map(({ disposition }) => disposition)).toEqual([
      ...[Disposition.MITIGATED, Disposition.FALSE_DATA, Disposition.FALSE_MODEL],
    ]);
    expect(data.alerts[10]?.owner).toBe("jo");
    expect(data.alerts[11]?.snooze?.untilWorse).toBe(true);
    expect(data.alerts.slice(12).every(({ version }) => version === 1n)).toBe(true);
    const csv = await readFile(file, "utf8");
    expect(csv.trimEnd().split("\r\n")).toHaveLength(1 + 176);
    expect(complaints).toEqual([]);
  });

  test("a supplier is found by its name from every page, and its page says why", async () => {
    const { page, complaints } = await openPage(opsInMemory(demoData()).routes, "#/run");
    await page.getByRole("heading", { name: /Weekly run/ }).waitFor();
    await page.keyboard.press("Control+k");
    const find = page.getByRole("dialog", { name: "Find" });
    // Typed without a click: the text of a person who presses the keys must not be lost.
    await find.getByRole("combobox").and(page.locator(":focus")).waitFor();
    await page.keyboard.type("corvina");
    await find.getByRole("option", { name: /Corvina Logistics/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Corvina Logistics" }).waitFor();
    await page.getByText(/^High because of 7 past disputes \(typical 1\) and a stability index of 0\.35\.$/).waitFor();
    await page.getByRole("button", { name: "Find" }).click();
    await find.getByRole("combobox").and(page.locator(":focus")).waitFor();
    await page.keyboard.type("nobody has this name");
    await find.getByText("No supplier has this name or id.").waitFor();
    await page.keyboard.press("Escape");
    await find.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  test.each(["#/alerts", "#/suppliers", "#/week"])("on %s, text after Ctrl K goes into the search", async (hash) => {
    const { page, complaints } = await openPage(opsInMemory(demoData()).routes, hash);
    await page.getByRole("button", { name: "Find" }).waitFor();
    await page.keyboard.press("Control+k");
    const input = page.getByRole("dialog", { name: "Find" }).getByRole("combobox");
    await input.and(page.locator(":focus")).waitFor();
    await page.keyboard.type("week");
    expect(await input.inputValue()).toBe("week");
    expect(complaints).toEqual([]);
  });

  test("every number of the week opens a list, and the week is printed and exported", async () => {
    const { page, complaints } = await openPage(opsInMemory(demoData()).routes, "#/week");
    await page.getByText("€41.2M").waitFor();
    await page.getByText("+€1.3M since 2026-W46", { exact: false }).waitFor();
    const hrefs = await page
      .locator(".numbers a, .headline a, h2 a")
      .evaluateAll((links) => links.map((link) => [link.textContent?.trim(), link.getAttribute("href")]));
    expect(Object.fromEntries(hrefs)).toMatchObject({
      "14 new": "#/alerts?model=supplier-risk&changed=raised&in=2026-W47",
      "6 more severe": "#/alerts?model=supplier-risk&changed=worse&in=2026-W47",
      "3 less severe": "#/alerts?model=supplier-risk&changed=better&in=2026-W47",
      "2 snoozed at some time": "#/alerts?model=supplier-risk&changed=snoozed&in=2026-W47",
      "Biggest risers": "#/suppliers?order=change&model=supplier-risk",
    });
    const numbers = await page.locator(".numbers .number, .headline .number").count();
    expect(numbers).toBe(await page.locator(".numbers a .number, .headline a.number").count());
    expect(await page.getByRole("region", { name: "Biggest risers" }).getByRole("row").count()).toBe(11);
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "CSV" }).click();
    expect((await downloading).suggestedFilename()).toBe("week-2026-W47.csv");
    await page.getByRole("link", { name: "14 new" }).click();
    await row(page, "Aldermoor Castings").waitFor();
    expect(complaints).toEqual([]);
  });
});
