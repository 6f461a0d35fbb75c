import path from "node:path";
import { AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { firstLine, spawnNode } from "@bellwether/testing/node-process";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoAlert, demoData } from "./demo-data.ts";
import { changesBar, isDone, pagesAreLoaded, panel, row } from "./inbox-page.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const status = (page: Page, words: RegExp) => page.getByRole("status").filter({ hasText: words });
const LIVE = /^Live$/;
const TIMED_OUT = /took too long/;

describe.skipIf(!hasChromium)("the page when its server does not answer (apt-get install chromium)", () => {
  const pages = usePages();

  test("the page reports a frozen server within a minute, a new view times out, and both recover", {
    timeout: 180_000,
  }, async () => {
    const ops = spawnNode(path.join(import.meta.dirname, "ops-process.ts"), {
      args: [pages.dist()],
      stdout: "pipe",
      ipc: false,
    });
    pages.onEnd(async () => {
      ops.child.kill("SIGCONT");
      await ops.end("SIGKILL");
    });
    const port = await firstLine(ops, "ops-service in memory");
    const { page } = await pages.openUrl(`http://127.0.0.1:${port}/`);
    await status(page, LIVE).waitFor();
    await page.getByText("Aldermoor Castings").waitFor();
    await pagesAreLoaded(page);
    ops.child.kill("SIGUSR2");
    ops.child.kill("SIGSTOP");
    await status(page, /^Not live since \d\d:\d\d, reconnecting$/).waitFor({ timeout: 60_000 });

    await page.getByRole("link", { name: "Suppliers" }).click();
    await page.getByRole("alert").filter({ hasText: TIMED_OUT }).waitFor({ timeout: 30_000 });
    const again = page.getByRole("button", { name: "Try again" });
    await again.waitFor();
    ops.child.kill("SIGCONT");
    await status(page, LIVE).waitFor({ timeout: 60_000 });
    await page.getByRole("row").filter({ hasText: "Aldermoor Castings" }).waitFor();
    await page.getByRole("link", { name: "Alerts" }).click();
    await changesBar(page).or(row(page, "Estrel Packaging")).first().waitFor();
  });

  test("an offline page says so at once and disables decisions with the reason, and its list is up to date once it is online", async () => {
    const data = demoData();
    const ops = opsInMemory(data);
    const { page, context } = await pages.openPage(ops.routes);
    await status(page, LIVE).waitFor();
    await row(page, "Aldermoor Castings").click();
    const acknowledge = panel(page).getByRole("button", { name: "Acknowledge" });
    await acknowledge.waitFor();
    await pagesAreLoaded(page);
    await context.setOffline(true);
    await status(page, /^Not live since \d\d:\d\d, offline$/).waitFor({ timeout: 2_000 });
    expect(await acknowledge.getAttribute("aria-disabled")).toBe("true");
    expect(await acknowledge.getAttribute("title")).toMatch(/^You are offline/);
    await acknowledge.focus();
    await page.keyboard.press("Enter");
    await isDone(page, /^You are offline/);
    expect(data.alerts[0]?.state).toBe(AlertState.OPEN);

    await page.getByRole("link", { name: "Suppliers" }).click();
    await page.getByRole("alert").filter({ hasText: "The server cannot be reached" }).waitFor();
    await page.goBack();
    await row(page, "Aldermoor Castings").waitFor();
    const raised = demoAlert(4);
    data.alerts.push(raised);
    ops.alerts.publish([raised]);
    await context.setOffline(false);
    await status(page, LIVE).waitFor();
    await page.getByRole("button", { name: "1 change: show" }).or(row(page, "Estrel Packaging")).first().waitFor();
    expect(await acknowledge.getAttribute("aria-disabled")).toBe("false");
  });
});
