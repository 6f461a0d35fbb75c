import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Route } from "@bellwether/mesh/call/route";
import type { RunningServer } from "@bellwether/mesh/server/start-server";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { overflowOf, seriousViolations } from "./axe.ts";
import { hasChromium, startBrowser } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { servePage } from "./page-harness.ts";

/** Lists all RPCs of a route's service in the reference, which has only those with an implementation. No test calls them. */
const withAllRpcs = (one: Route): Route => ({
  ...one,
  implemented: new Set(one.service.methods.map(({ name }) => name)),
});

describe.skipIf(!hasChromium)("the API reference (apt-get install chromium)", () => {
  let server: RunningServer;
  let browser: Browser;
  let url = "";
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-reference-"));
    await writeFile(path.join(folder, "index.html"), "<!doctype html>");
    server = await servePage(folder, opsInMemory(demoData()).routes.map(withAllRpcs));
    url = `http://127.0.0.1:${server.addresses.web.port}/reference`;
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens the page; `complaints` has its errors and what its policy blocked, `loaded` what it requested. */
  async function open(hash = "") {
    const page = await browser.newPage();
    page.setDefaultTimeout(25_000);
    const complaints: string[] = [];
    const loaded: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    await page.goto(`${url}${hash}`);
    return { page, complaints, loaded };
  }
  const operations = (page: Page) => page.locator("details.operation:visible");

  test("a name is found with the keyboard, and its entry has fields with limits, errors and an example", async () => {
    const { page, complaints, loaded } = await open();
    const all = await operations(page).count();
    await page.keyboard.press("/");
    await page.keyboard.type("approve run");
    await page.getByText("1 operation", { exact: true }).waitFor();
    expect([all > 40, await operations(page).count()]).toEqual([true, 1]);
    await operations(page).locator("summary").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("row", { name: /runId.*whole number.*required.*1 to 2,147,483,647/ }).waitFor();
    await page.getByRole("row", { name: /FAILED_PRECONDITION.*400.*the run is not held/ }).waitFor();
    await page.getByText(`curl -s "$URL/bellwether.ops.v1.BatchService/ApproveRun"`).waitFor();
    await page.getByRole("searchbox").focus();
    await page.keyboard.press("Escape");
    await expect.poll(() => operations(page).count()).toBe(all);
    expect(complaints).toEqual([]);
    expect(loaded.filter((path) => path !== "/favicon.ico")).toEqual(["/reference", "/reference.js"]);
    await page.close();
  });

  test("a link to an operation or a message opens its entry", async () => {
    const { page } = await open("#BatchService_VoidRun");
    await page.getByText(`curl -s "$URL/bellwether.ops.v1.BatchService/VoidRun"`).waitFor();
    await page.getByRole("link", { name: "VoidRunResponse" }).click();
    const message = page.locator('[id="m-bellwether.ops.v1.VoidRunResponse"]');
    await message.getByRole("row", { name: /alertsClosed/ }).waitFor();
    await page.close();
  });

  test("nothing serious for assistive technology in both themes, and no overflow at 390 and 1,280 px", async () => {
    const { page } = await open("#BatchService_CompleteRun");
    for (const width of [390, 1_280]) {
      await page.setViewportSize({ width, height: 800 });
      expect([width, await overflowOf(page)]).toEqual([width, 0]);
    }
    // Every entry has the same form: axe reads the ones of one operation.
    await page.getByRole("searchbox").fill("completerun");
    await page.getByText("1 operation", { exact: true }).waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect([colorScheme, await seriousViolations(page)]).toEqual([colorScheme, []]);
    }
    await page.close();
  });
});
