import { AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { isActive, isDone, isLive, panel, row } from "./inbox-page.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

/** Lets the server perform decisions, and ends the connection before the answer. */
const loseAnswers = (page: Page) =>
  page.route("**/DecideAlerts", async (call) => {
    await call.fetch();
    await call.abort("connectionreset");
  });

describe.skipIf(!hasChromium)("decisions whose answer does not arrive (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("the page says that the outcome is unknown, and shows the alert as the server has it", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await isLive(page);
    await isActive(page, "Aldermoor Castings");
    await loseAnswers(page);
    await page.keyboard.press("a");
    await isDone(page, "It is not known whether it was done: Aldermoor Castings.");
    expect(await page.locator(".done").textContent()).not.toContain("Not sent");
    expect(data.alerts[0]?.state).toBe(AlertState.ACKNOWLEDGED);
    await row(page, "Aldermoor Castings").getByText("Acknowledged").first().waitFor();
  });

  test("a form stays with its text, and sends the same version again", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await isLive(page);
    await isActive(page, "Aldermoor Castings");
    const sent: unknown[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/DecideAlerts")) sent.push(request.postDataBuffer()?.toString("hex"));
    });
    await loseAnswers(page);
    await page.keyboard.press("c");
    const comment = panel(page).getByRole("textbox", { name: /^Comment/ });
    await comment.fill("Called the plant manager.");
    await comment.press("Control+Enter");
    await panel(page).getByText("It is not known whether it was done", { exact: false }).first().waitFor();
    expect(await comment.inputValue()).toBe("Called the plant manager.");
    await row(page, "Aldermoor Castings").waitFor();
    await comment.press("Control+Enter");
    await expect.poll(() => sent.length).toBe(2);
    expect(sent[1]).toBe(sent[0]);
  });

  test("after a comment, the button of an earlier action names what it undoes", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Aldermoor Castings");
    await page.keyboard.press("a");
    await isDone(page, "Acknowledged: Aldermoor Castings.");
    await page.getByRole("button", { name: "Undo", exact: true }).waitFor();
    await page.keyboard.press("c");
    const comment = panel(page).getByRole("textbox", { name: /^Comment/ });
    await comment.fill("Called.");
    await comment.press("Control+Enter");
    await isDone(page, /^Commented: /);
    await page.getByRole("button", { name: "Undo “Acknowledged: Aldermoor Castings.”" }).waitFor();
    expect(await page.getByRole("button", { name: "Undo", exact: true }).count()).toBe(0);
    // The key says it first: the reader may mean the comment.
    await page.keyboard.press("u");
    await isDone(page, "A comment cannot be undone. Press u again to undo “Acknowledged: Aldermoor Castings”.");
    await page.keyboard.press("u");
    await isDone(page, "Undone: Aldermoor Castings.");
  });

  test("a pasted text is not cut, 2,000 bytes are sent, and a longer one says how long it is", async () => {
    const data = demoData();
    const { page } = await openPage(opsInMemory(data).routes);
    await isActive(page, "Aldermoor Castings");
    await page.keyboard.press("c");
    const comment = panel(page).getByRole("textbox", { name: /^Comment/ });
    const text = "é".repeat(1_000);
    await comment.fill(`${text}.`);
    await panel(page).getByText("This text has 2,001 bytes; at most 2,000 can be sent.").waitFor();
    await comment.press("Control+Enter");
    expect(await comment.inputValue()).toBe(`${text}.`);
    await comment.fill(text);
    await comment.press("Control+Enter");
    await isDone(page, "Commented: Aldermoor Castings.");
    await panel(page).getByText(text).waitFor();
  });

  test("a link to an alert without a valid id offers no retry, which could not succeed", async () => {
    const { page } = await openPage(opsInMemory(demoData()).routes, "#/alerts?alert=nope");
    await panel(page)
      .getByRole("alert")
      .filter({ hasText: /Not found|rejected/ })
      .waitFor();
    expect(await panel(page).getByRole("button", { name: "Try again" }).count()).toBe(0);
  });
});
