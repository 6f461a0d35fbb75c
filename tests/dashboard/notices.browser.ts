import { NoticeOutcome } from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { demoNotices } from "./notices-in-memory.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const NOTICES = "#/settings/notices";

const signedIn = (role: "viewer" | "analyst" | "admin") => ({
  ...{ authentication: "on", subject: "0f3c", name: "Ada", actor: "Ada (0f3c)", role, method: "session" },
});
const destinations = (page: Page) => page.getByRole("region", { name: "Destinations" }).getByRole("table");
const notices = (page: Page) => page.getByRole("region", { name: "Notices" }).getByRole("table");
const rowOf = (table: ReturnType<typeof notices>, text: string | RegExp) =>
  table.getByRole("row").filter({ hasText: text });
const result = (page: Page) => page.locator(".followed");

describe.skipIf(!hasChromium)("Settings → Notices (apt-get install chromium)", () => {
  const { openPage } = usePages();

  /** Opens the page with its own data. */
  async function open(role: "viewer" | "analyst" | "admin", hash = NOTICES) {
    const data = demoNotices();
    const ops = opsInMemory({ ...demoData(), notices: data });
    const opened = await openPage(ops.routes, hash, signedIn(role));
    return { ...opened, data, deliver: ops.notices.deliver };
  }

  test("destinations have their state, and notices the reason of their last attempt, as text", async () => {
    const { page, complaints } = await open("analyst", "#/alerts");
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("link", { name: "Destinations and notices" }).click();
    await page.getByRole("heading", { name: "Notices", level: 1 }).waitFor();
    const jane = rowOf(destinations(page), "jane");
    await jane.getByText("Disabled").waitFor();
    await jane.getByText("mail.example.org answered 550 5.1.1 to RCPT TO").waitFor();
    expect(await rowOf(destinations(page), "erp").getByRole("cell").nth(4).textContent()).toBe("2");
    await rowOf(destinations(page), "erp").getByText("Tests only", { exact: false }).waitFor();
    for (const text of [
      "rest: steel, of its owners, in the digest",
      "Owners: Jane <b>Doe</b>",
      "Digest Mondays at 07:30, Europe/Berlin",
      "Quiet 19:00 to 07:00, Europe/Berlin",
      "3 collected",
    ])
      await jane.getByText(text).waitFor();
    await rowOf(destinations(page), "risk-room")
      .getByText("Escalation: all alerts, not acknowledged for 48 h, at once")
      .waitFor();
    await rowOf(notices(page), "hooks.slack.com answered 503").getByText("2 attempts, next").waitFor();
    expect(await rowOf(notices(page), "erp.example.org answered 400 (invalid_payload)").count()).toBe(2);
    await rowOf(notices(page), "Jane <b>Doe</b>").waitFor();
    expect(complaints).toEqual([]);
  });

  test("filters are in the address, and a link leads from a destination to its dead notices", async () => {
    const { page } = await open("analyst");
    await rowOf(destinations(page), "erp").getByRole("link", { name: "2" }).click();
    await expect.poll(() => page.url()).toContain("#/settings/notices?state=dead&destination=erp");
    await expect.poll(() => notices(page).getByRole("row").count()).toBe(3);
    await page.getByRole("combobox", { name: "Destination" }).selectOption("jane");
    await page.getByText("No notice matches this filter").waitFor();
    await page.getByRole("link", { name: "Show all notices." }).click();
    await expect.poll(() => notices(page).getByRole("row").count()).toBe(5);
    await page.getByRole("radio", { name: "Delivered" }).check();
    await expect.poll(() => notices(page).getByRole("row").count()).toBe(2);
  });

  test("details have the suppliers with values and reasons, and every attempt", async () => {
    const { page } = await open("analyst");
    await rowOf(notices(page), "hooks.slack.com answered 503").getByRole("button", { name: "Details" }).click();
    await page.getByRole("link", { name: "Aldermoor <i>Castings</i>" }).waitFor();
    await page.getByText("New alert, 2026-W47: score 0.82, was 0.68, expected impact €1.2M").waitFor();
    await page.getByText("disputes 7, was 4").waitFor();
    expect(await page.getByRole("region", { name: "Attempts" }).getByRole("listitem").count()).toBe(2);
  });

  test("only an administrator has the buttons; a viewer has no link to the page", async () => {
    const analyst = await open("analyst");
    await rowOf(notices(analyst.page), "invalid_payload").first().waitFor();
    for (const name of ["Replay", /Send test/, /Enable/])
      expect(await analyst.page.getByRole("button", { name }).count()).toBe(0);
    const viewer = await open("viewer", "#/alerts");
    await viewer.page.getByRole("link", { name: "Settings" }).click();
    await viewer.page.getByRole("heading", { name: "Who I am" }).waitFor();
    expect(await viewer.page.getByRole("link", { name: "Destinations and notices" }).count()).toBe(0);
    const admin = await open("admin");
    await rowOf(notices(admin.page), "invalid_payload").first().getByRole("button", { name: "Replay" }).waitFor();
    expect(await rowOf(notices(admin.page), "hooks.slack.com").getByRole("button", { name: "Replay" }).count()).toBe(0);
  });

  test("a replay is followed to its result, and the row and the counts change", async () => {
    const { page, deliver } = await open("admin", `${NOTICES}?destination=erp`);
    await rowOf(notices(page), "Escalation").getByRole("button", { name: "Replay" }).click();
    await result(page).getByText("Replay to erp: waiting for the receiver…").waitFor();
    await rowOf(notices(page), "Escalation").getByText("Waiting").waitFor();
    deliver("erp", NoticeOutcome.DELIVERED, "erp.example.org answered 204");
    await result(page).getByText("Replay to erp: delivered. erp.example.org answered 204.").waitFor();
    await rowOf(notices(page), "Escalation").getByText("Delivered").waitFor();
    expect(await rowOf(destinations(page), "erp").getByRole("cell").nth(4).textContent()).toBe("1");
  });

  test("a test is followed to its result, also when it fails", async () => {
    const { page, deliver } = await open("admin");
    await rowOf(destinations(page), "risk-room").getByRole("button", { name: "Send test to risk-room" }).click();
    await result(page).getByText("Test to risk-room: waiting for the receiver…").waitFor();
    deliver("risk-room", NoticeOutcome.REJECTED, "hooks.slack.com answered 404 (no_service)");
    await result(page).getByText("not delivered. hooks.slack.com answered 404 (no_service).").waitFor();
    await rowOf(notices(page), "no_service").getByText("Test").waitFor();
  });

  test("a disabled destination is enabled", async () => {
    const { page } = await open("admin");
    await rowOf(destinations(page), "jane").getByRole("button", { name: "Enable jane" }).click();
    await rowOf(destinations(page), "jane").getByRole("button", { name: "Send test to jane" }).waitFor();
  });

  test("an action that the server rejects shows its reason", async () => {
    const { page, data } = await open("admin", `${NOTICES}?destination=erp`);
    const row = rowOf(notices(page), "Escalation");
    await row.getByRole("button", { name: "Replay" }).waitFor();
    // Somebody else has replayed it.
    for (const notice of data.notices) notice.state = 1;
    await row.getByRole("button", { name: "Replay" }).click();
    await result(page).getByText("Replay to erp: the notice is not dead: it waits").waitFor();
  });

  test("without destinations the page says what to do", async () => {
    const { page } = await openPage(
      opsInMemory({ ...demoData(), notices: { destinations: [], notices: [], attempts: new Map() } }).routes,
      NOTICES,
    );
    await page.getByText("Add destinations and routes to the routes file").waitFor();
    await page.getByText("No notices yet").waitFor();
  });
});
