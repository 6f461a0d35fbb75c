import { PerformanceService } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { route } from "@bellwether/mesh/call/route";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { row, rowNames } from "./inbox-page.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";
import { CASTINGS, demoWatchlists } from "./watchlists-in-memory.ts";

const ANA = { authentication: "on", subject: "ana", name: "Ana", actor: "ana", role: "analyst", method: "session" };
const choice = (page: Page) => page.getByRole("combobox", { name: "Watchlist" });

describe.skipIf(!hasChromium)("The filter by watchlist (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("is loaded when it is opened, filters the inbox, is in the address, and is removed again", async () => {
    const data = { ...demoData(), watchlists: demoWatchlists() };
    const { page, complaints } = await openPage(opsInMemory(data).routes, "", ANA);
    const loaded: string[] = [];
    page.on("request", (request) => void loaded.push(request.url()));
    await row(page, "Aldermoor Castings").first().waitFor();
    const all = await rowNames(page);
    const { supplierId, supplierName } = data.alerts[0] ?? { supplierId: "", supplierName: "" };
    data.watchlists.members.set(CASTINGS, [supplierId]);
    const own = data.alerts.filter((alert) => alert.supplierId === supplierId).length;
    expect(own).toBeLessThan(all.length);
    expect(loaded.join()).not.toContain("watchlist-choice");
    await page.getByRole("button", { name: "Watchlist" }).click();
    await choice(page).selectOption({ label: "Castings <b>2027</b>" });
    await expect.poll(() => rowNames(page)).toHaveLength(own);
    for (const name of await rowNames(page)) expect(name).toContain(supplierName);
    expect(new URL(page.url()).hash).toContain(`watchlist=${CASTINGS}`);
    // The address alone shows the same.
    await page.reload();
    await expect.poll(() => choice(page).inputValue()).toBe(CASTINGS);
    await expect.poll(() => rowNames(page)).toHaveLength(own);
    await choice(page).selectOption("");
    await expect.poll(() => rowNames(page)).toEqual(all);
    expect(complaints).toEqual([]);
  });

  test("filters the suppliers; a list that the reader does not see is named as such", async () => {
    const data = { ...demoData(), watchlists: demoWatchlists() };
    const { page } = await openPage(opsInMemory(data).routes, `#/suppliers?watchlist=${CASTINGS}`, ANA);
    await page.getByText("1 supplier in").waitFor();
    await choice(page).selectOption({ label: "Freight, of Grace (grace)" });
    await page.getByText("No supplier matches this filter").waitFor();
    const unknown = "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4eff";
    await page.goto(`${page.url().split("#")[0]}#/alerts?watchlist=${unknown}`);
    await page.getByText("Not found", { exact: true }).waitFor();
    await expect
      .poll(() => choice(page).locator("option:checked").textContent())
      .toBe("A watchlist that you do not see");
    // A text that has not the form of an id is ignored.
    await page.goto(`${page.url().split("#")[0]}#/alerts?watchlist=%3Cscript%3E`);
    await page.getByRole("button", { name: "Watchlist" }).waitFor();
  });

  test("without a list, the filter leads to the page that makes one", async () => {
    const watchlists = { lists: [], members: new Map<string, string[]>() };
    const { page } = await openPage(opsInMemory({ ...demoData(), watchlists }).routes, "#/suppliers", ANA);
    await page.getByRole("button", { name: "Watchlist" }).click();
    await page.getByRole("link", { name: "No watchlist yet: make one" }).click();
    await page.getByRole("heading", { name: "Watchlists", level: 1 }).waitFor();
  });
});

describe.skipIf(!hasChromium)("People with a scope and deputies (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("a person with a scope sees what it is, and why a page about all suppliers is denied", async () => {
    const { routes } = opsInMemory(demoData());
    const denied = route(PerformanceService, {
      getPerformance() {
        const message = "bellwether.ops.v1.PerformanceService/GetPerformance is about all suppliers together";
        throw new ConnectError(message, Code.PermissionDenied);
      },
    });
    const session = { ...ANA, scope: { regions: ["Europe <b>"], categories: ["Steel"] } };
    const others = routes.filter(({ service }) => service.typeName !== PerformanceService.typeName);
    const { page } = await openPage([...others, denied], "#/settings", session);
    await page.getByRole("link", { name: "only Europe <b>; only Steel" }).waitFor();
    await page.getByText("what is about all suppliers together is denied").waitFor();
    await page.goto(`${page.url().split("#")[0]}#/performance`);
    await page.getByText("This is about all suppliers together").waitFor();
    await page.goto(`${page.url().split("#")[0]}#/alerts`);
    await row(page, "Aldermoor Castings").first().waitFor();
  });

  test("the alerts of an owner who is away are among the deputy's, marked with the owner", async () => {
    const data = { ...demoData(), deputyFor: ["Grace <i> (grace)"] };
    const [first, second] = data.alerts;
    Object.assign(first ?? {}, { owner: "Grace <i> (grace)" });
    Object.assign(second ?? {}, { owner: "ana" });
    const { page } = await openPage(opsInMemory(data).routes, "#/alerts?tab=mine", ANA);
    const own = row(page, first?.supplierName ?? "");
    await own.getByText("for Grace <i> (grace)").waitFor();
    await expect.poll(() => page.locator(".inbox-rows .inbox-row").count()).toBe(2);
    expect(
      await row(page, second?.supplierName ?? "")
        .locator(".cell-owner")
        .textContent(),
    ).not.toContain("for ");
  });
});
