import { Code, ConnectError } from "@connectrpc/connect";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";
import { CASTINGS, demoWatchlists, type WatchlistData } from "./watchlists-in-memory.ts";

const card = (page: Page, name: string | RegExp) => page.getByRole("region", { name, exact: true });

describe.skipIf(!hasChromium)("Watchlists (apt-get install chromium)", () => {
  const { openPage } = usePages();

  function open(watchlists: WatchlistData, hash = "#/watchlists", role = "analyst") {
    const session = {
      ...{ authentication: "on", subject: "0f3c", name: "Ada", actor: "Ada (0f3c)", role, method: "session" },
    };
    return openPage(opsInMemory({ ...demoData(), watchlists }).routes, hash, session);
  }

  test("a supplier is added to a list from its page, and removed again", async () => {
    const data = demoWatchlists();
    const { page, complaints } = await open(data, "#/suppliers/S-1001");
    await page.getByRole("link", { name: "Watch this supplier" }).click();
    await page.getByRole("heading", { name: "Watchlists", level: 1 }).waitFor();
    const lists = card(page, "Lists for S-1001");
    await lists.getByText("not in the list").waitFor();
    await lists.getByRole("button", { name: "Add to Castings <b>2027</b>" }).click();
    await lists.getByRole("button", { name: "Remove from Castings <b>2027</b>" }).waitFor();
    expect(data.members.get(CASTINGS)).toEqual(["S-1000", "S-1001"]);
    await lists.getByRole("button", { name: "Remove from Castings <b>2027</b>" }).click();
    await lists.getByRole("button", { name: "Add to Castings <b>2027</b>" }).waitFor();
    expect(data.members.get(CASTINGS)).toEqual(["S-1000"]);
    expect(complaints).toEqual([]);
  });

  test("a list is created; with a name that is taken, what was typed stays", async () => {
    const data = demoWatchlists();
    const { page } = await open(data);
    const form = card(page, "New list");
    await form.getByLabel("Name").fill("Freight");
    await form.getByLabel("Note").fill("winter");
    await form.getByRole("button", { name: "Create the list" }).click();
    await form.getByRole("alert").getByText('there is a watchlist "Freight"').waitFor();
    expect(await form.getByLabel("Note").inputValue()).toBe("winter");
    await form.getByLabel("Name").fill("Freight 2");
    await form.getByLabel("Show it to everybody").check();
    await form.getByRole("button", { name: "Create the list" }).click();
    await card(page, "Lists").getByRole("link", { name: "Freight 2" }).waitFor();
    expect(await form.getByLabel("Name").inputValue()).toBe("");
  });

  test("a list has the scores of its suppliers, and is changed and deleted there", async () => {
    const data = demoWatchlists();
    const { page } = await open(data);
    await card(page, "Lists").getByRole("link", { name: "Castings <b>2027</b>" }).click();
    const list = card(page, "Castings <b>2027</b>");
    await list.getByText("end in March").waitFor();
    await list.getByText("1 supplier, of Ada (0f3c).").waitFor();
    await list.getByRole("table").waitFor();
    await list.getByLabel("Id of a supplier").fill(" S-1002 ");
    data.rejection = new ConnectError("there is no supplier S-1002", Code.NotFound);
    await list.getByRole("button", { name: "Add", exact: true }).click();
    await list.getByRole("alert").getByText("there is no supplier S-1002").waitFor();
    await list.getByRole("button", { name: "Add", exact: true }).click();
    await list.getByText("2 suppliers, of Ada (0f3c).").waitFor();
    await list.getByRole("button", { name: "Delete the list…" }).click();
    await list.getByRole("button", { name: "Keep it" }).click();
    expect(data.lists).toHaveLength(2);
    await list.getByRole("button", { name: "Delete the list…" }).click();
    await list.getByRole("button", { name: "Delete Castings <b>2027</b> for good" }).click();
    await expect.poll(() => data.lists.length).toBe(1);
    await card(page, "Lists").getByRole("link", { name: "Freight" }).waitFor();
  });

  test("a viewer reads lists and has no button to change them", async () => {
    const { page } = await open(demoWatchlists(), `#/watchlists?list=${CASTINGS}&supplier=S-1000`, "viewer");
    await card(page, "Lists for S-1000").getByText("in the list", { exact: true }).waitFor();
    await card(page, "Castings <b>2027</b>").getByRole("table").waitFor();
    expect(await page.locator("main button").count()).toBe(0);
  });
});
