import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoAlert, demoData } from "./demo-data.ts";
import { changesBar, isLive, row } from "./inbox-page.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

describe.skipIf(!hasChromium)("several tabs of one browser (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("one tab has the watch, all tabs get the changes, and another tab continues when it is closed", {
    timeout: 60_000,
  }, async () => {
    const data = demoData();
    const ops = opsInMemory(data);
    const { page, context } = await openPage(ops.routes);
    await isLive(page);
    const others = [await context.newPage(), await context.newPage()];
    for (const other of others) {
      await other.goto(page.url());
      await isLive(other);
      await row(other, "Aldermoor Castings").waitFor();
    }
    expect(ops.changes.watchers).toBe(1);
    const raise = (i: number): void => {
      const raised = demoAlert(i);
      data.alerts.push(raised);
      ops.alerts.publish([raised]);
    };
    raise(3);
    for (const tab of [page, ...others]) await changesBar(tab).filter({ hasText: "1 change" }).waitFor();

    await page.close();
    await expect.poll(() => ops.changes.watchers, { timeout: 20_000 }).toBe(1);
    raise(4);
    for (const tab of others) await changesBar(tab).filter({ hasText: "2 changes" }).waitFor();
    for (const tab of others) await isLive(tab);
  });
});
