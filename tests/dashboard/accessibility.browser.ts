import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hiddenColumns, overflowOf, seriousViolations } from "./axe.ts";
import { hasChromium } from "./browser.ts";
import { demoData, manyAlerts } from "./demo-data.ts";
import { isActive, panel, row } from "./inbox-page.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

/** Each page, with what it shows when it is loaded. */
const PAGES: readonly (readonly [hash: string, ready: (page: Page) => Promise<unknown>])[] = [
  ["#/alerts", (page) => row(page, "Aldermoor Castings").waitFor()],
  ["#/alerts?tab=decided", (page) => page.getByText("No alert in this list").waitFor()],
  ["#/week", (page) => page.getByText("Biggest risers").waitFor()],
  ["#/suppliers", (page) => page.getByRole("row").filter({ hasText: "Corvina Logistics" }).waitFor()],
  ["#/suppliers/S-1000", (page) => page.getByRole("heading", { name: "Why this score" }).waitFor()],
  ["#/run", (page) => page.getByRole("heading", { name: "Latest runs" }).waitFor()],
  ["#/settings/notices", (page) => page.getByRole("button", { name: "Replay" }).first().waitFor()],
  ["#/performance", (page) => page.getByRole("heading", { name: "By segment" }).waitFor()],
  ["#/models", (page) => page.getByRole("heading", { name: "Figures" }).waitFor()],
  ["#/models?version=v2&with=v1", (page) => page.getByText("With another kind or unit").waitFor()],
  ["#/rules", (page) => page.getByText("over the budget of 10, forced").waitFor()],
  ["#/rules?set=emea", (page) => page.getByText("Only a draft").waitFor()],
  ["#/settings", (page) => page.getByText("2024-W48").waitFor()],
  ["#/audit", (page) => page.getByRole("button", { name: "Details of record 120" }).waitFor()],
  ["#/nowhere", (page) => page.getByText("There is no page at this address").waitFor()],
];
/** What /auth/session answers a person who is not signed in. */
const SIGNED_OUT = {
  ...{ code: "unauthenticated", reason: "SESSION_MISSING", message: "you are not signed in" },
  ...{ sign_in: { provider: "login.example.org", token: true, link: false } },
};
const SIGN_IN_PAGES = ["#/sign-in", "#/sign-in?code=wrong", "#/alerts"];
/** Parts of a page that scroll on their own, or hide what is too long on purpose. */
const MAY_CLIP = ".inbox-list, .wide, .unseen, .skip, [aria-hidden='true']";
const go = (page: Page, hash: string) =>
  page.evaluate((to) => {
    window.location.hash = to;
  }, hash);

describe.skipIf(!hasChromium)("accessibility of the dashboard (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test.each(["light", "dark"] as const)(
    "axe finds nothing serious on any page in the %s theme",
    {
      timeout: 120_000,
    },
    async (colorScheme) => {
      const { page } = await openPage(opsInMemory(demoData()).routes);
      await page.emulateMedia({ colorScheme });
      const found: Record<string, string[]> = {};
      const check = async (name: string): Promise<void> => {
        const serious = await seriousViolations(page);
        if (serious.length > 0) found[name] = serious;
      };
      for (const [hash, ready] of PAGES) {
        await go(page, hash);
        await ready(page);
        await check(hash);
      }
      await go(page, "#/alerts");
      await isActive(page, "Aldermoor Castings");
      await page.keyboard.press("Enter");
      await panel(page).getByText("High because of", { exact: false }).waitFor();
      await check("panel");
      await page.keyboard.press("j");
      for (const key of ["r", "s", "h", "c"]) {
        await page.keyboard.press(key);
        await panel(page).getByRole("form").waitFor();
        await check(`form ${key}`);
        await page.keyboard.press("Escape");
        await panel(page).getByRole("form").waitFor({ state: "detached" });
      }
      await page.keyboard.press("x");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      await check("help");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog", { name: "Find" }).getByRole("combobox").fill("o");
      await page.getByRole("option", { name: /Corvina/ }).waitFor();
      await check("find");
      await page.keyboard.press("Escape");
      await go(page, "#/settings/notices");
      await page.getByRole("button", { name: "Details" }).first().click();
      await page.getByRole("region", { name: "Attempts" }).waitFor();
      await check("details of a notice");
      await go(page, "#/audit");
      await page.getByRole("button", { name: "Details of record 120" }).click();
      await page.getByRole("region", { name: "Record 120", exact: true }).waitFor();
      await page.getByRole("button", { name: "Verify the log" }).click();
      await page.getByText("Holds").waitFor();
      await check("details of an event");
      await go(page, "#/performance");
      for (const name of ["All weeks as a table", "All ranges as a table"]) await page.getByText(name).click();
      await check("tables of the performance");
      await go(page, "#/rules");
      await page.getByRole("button", { name: "Test the draft" }).click();
      await page.getByText("All weeks of the test as a table").click();
      await page.getByRole("button", { name: "Change the draft" }).click();
      await check("test and change of a draft");
      await go(page, "#/models");
      await page.getByText("What a promotion of the challenger would change").click();
      await page.getByText("Differs in region=EU", { exact: false }).waitFor();
      await page.getByRole("button", { name: "Promote v3…" }).click();
      await page.getByRole("form", { name: "Promote v3" }).waitFor();
      await check("promotion");
      await go(page, "#/alerts");
      await isActive(page, "Aldermoor Castings");
      for (const name of ["Filters", "Views"]) {
        await page.getByRole("button", { name }).click();
        await page.locator(".popover").waitFor();
        await check(name);
        await page.keyboard.press("Escape");
        await page.locator(".popover").waitFor({ state: "detached" });
      }
      console.log(`axe, ${colorScheme}: ${Object.keys(found).length} views with serious violations`);
      expect(found).toEqual({});
    },
  );

  test.each(["light", "dark"] as const)(
    "axe finds nothing serious on the page that asks to sign in, in the %s theme",
    async (colorScheme) => {
      const { page } = await openPage(opsInMemory(demoData()).routes, "#/sign-in", SIGNED_OUT);
      await page.emulateMedia({ colorScheme });
      for (const hash of SIGN_IN_PAGES) {
        await go(page, hash);
        await page.getByRole("link", { name: "Sign in at login.example.org" }).first().waitFor();
        expect([hash, await seriousViolations(page)]).toEqual([hash, []]);
      }
    },
  );

  test.each([1_280, 390])(
    "at a width of %i px no text is cut off on any page, and none overflows",
    {
      timeout: 120_000,
    },
    async (width) => {
      const { page } = await openPage(opsInMemory(demoData()).routes);
      await page.setViewportSize({ width, height: 800 });
      const found: Record<string, string[]> = {};
      for (const [hash, ready] of PAGES) {
        await go(page, hash);
        await ready(page);
        const cut = await page.evaluate(
          (mayClip) =>
            [...document.querySelectorAll<HTMLElement>("body *")]
              .filter((one) => one.checkVisibility() && !one.closest(mayClip) && one.childElementCount === 0)
              .filter((one) => (one.textContent ?? "").trim() !== "")
              .filter((one) => {
                const box = one.getBoundingClientRect();
                const hides = getComputedStyle(one).overflowX !== "visible";
                const isOutside = box.right > window.innerWidth + 1 || box.left < -1;
                return isOutside || (hides && one.scrollWidth > one.clientWidth + 1 && one.title === "");
              })
              .map((one) => `${one.tagName.toLowerCase()}.${one.className}: ${one.textContent}`),
          MAY_CLIP,
        );
        const overflow = await overflowOf(page);
        if (cut.length > 0 || overflow > 0) found[hash] = [...cut, `${overflow} px too wide`];
      }
      expect(found).toEqual({});
    },
  );

  test("in forced colours every page keeps its text, and what is current or bad is not shown by colour alone", async () => {
    const { page } = await openPage(opsInMemory(demoData()).routes);
    await page.emulateMedia({ forcedColors: "active" });
    for (const [hash, ready] of PAGES) {
      await go(page, hash);
      await ready(page);
      const invisible = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>("main *, header *")]
          .filter((one) => one.checkVisibility() && one.childElementCount === 0 && one.textContent?.trim())
          .filter((one) => !(one instanceof SVGElement))
          .filter((one) => getComputedStyle(one).forcedColorAdjust === "none")
          .map((one) => one.className),
      );
      expect([hash, invisible]).toEqual([hash, []]);
    }
    await go(page, "#/suppliers/S-1000");
    await page.getByRole("heading", { name: "Why this score" }).waitFor();
    const current = page.getByRole("link", { name: "Suppliers", exact: true });
    expect(
      await current.evaluate(
        (one) => getComputedStyle(one).borderBottomStyle + getComputedStyle(one).textDecorationLine,
      ),
    ).toMatch(/solid|underline/);
    const dots = page.locator("svg.plot .dot");
    expect(await dots.first().evaluate((one) => getComputedStyle(one).fill)).not.toBe("none");
  });

  test.each([
    ["#/week", "Biggest risers"],
    ["#/suppliers/S-1000", "Why this score"],
    ["#/run", "Latest runs"],
    ["#/settings/notices", "Last attempt"],
    ["#/performance", "By segment"],
    ["#/models", "Production history"],
    ["#/rules", "fewer alerts"],
    ["#/settings", "2024-W48"],
    ["#/audit", "prediction.served"],
  ])("%s is printed on paper without navigation and buttons, and nothing is cut off", async (hash, ready) => {
    const { page } = await openPage(opsInMemory(demoData()).routes, hash);
    await page.getByText(ready).first().waitFor();
    await page.emulateMedia({ media: "print" });
    // The width of A4 paper less its margins.
    await page.setViewportSize({ width: 718, height: 1_000 });
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    expect(await page.locator("button:visible, nav:visible, .header:visible").count()).toBe(0);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("main *")]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > window.innerWidth + 1)
        .map((one) => `${one.tagName}.${one.getAttribute("class")}`),
    );
    expect(wide).toEqual([]);
    const pdf = await page.pdf({ format: "A4" });
    expect(pdf.length).toBeGreaterThan(5_000);
    // White paper: backgrounds are not printed, so text must be dark.
    const ink = await page
      .locator("main p, main td, main h2")
      .first()
      .evaluate((one) => getComputedStyle(one).color);
    expect(ink).toMatch(/^(rgb|oklch|color)\(/);
  });

  test("nothing is wider than a window of 390 px, and no button is clipped at 1,280 px", {
    timeout: 60_000,
  }, async () => {
    const data = { ...demoData(), alerts: manyAlerts(40) };
    for (const alert of data.alerts) alert.supplierName = `${alert.supplierName} ${"with a long name ".repeat(10)}`;
    const { page } = await openPage(opsInMemory({ ...demoData(), alerts: data.alerts }).routes);
    const wide: string[] = [];
    for (const width of [390, 1_280]) {
      await page.setViewportSize({ width, height: 800 });
      for (const [hash, ready] of PAGES) {
        if (hash.startsWith("#/alerts")) continue;
        await go(page, hash);
        await ready(page);
        const overflow = await overflowOf(page);
        if (overflow > 0) wide.push(`${hash} at ${width}: ${overflow} px`);
        for (const hidden of await hiddenColumns(page)) wide.push(`${hash} at ${width}: ${hidden}`);
      }
      await go(page, "#/alerts");
      await row(page, "Supplier 003").first().click();
      await panel(page).getByRole("button", { name: "Resolve…" }).waitFor();
      const overflow = await overflowOf(page);
      if (overflow > 0) wide.push(`alerts at ${width}: ${overflow} px`);
      const clipped = await page
        .locator("button:visible")
        .evaluateAll((buttons) =>
          buttons
            .filter(
              (button) =>
                button.scrollWidth > button.clientWidth + 1 || button.getBoundingClientRect().right > window.innerWidth,
            )
            .map((button) => button.textContent),
        );
      if (clipped.length > 0) wide.push(`clipped at ${width}: ${clipped.join(", ")}`);
      await panel(page).getByRole("button", { name: "Close" }).click();
    }
    expect(wide).toEqual([]);
  });

  test("in forced colours the active row and the checked filter can be seen", async () => {
    const { page } = await openPage(opsInMemory(demoData()).routes);
    await page.emulateMedia({ forcedColors: "active" });
    await isActive(page, "Aldermoor Castings");
    const outline = await page
      .locator('.inbox-row[data-active="true"]')
      .evaluate((one) => getComputedStyle(one).outlineStyle);
    expect(outline).toBe("solid");
  });

  test("a printed inbox is a table with all loaded alerts and without buttons", async () => {
    const { page } = await openPage(opsInMemory({ ...demoData(), alerts: manyAlerts(150) }).routes);
    await isActive(page, "Supplier 000");
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    const printed = page.locator(".printed");
    expect(await printed.getByRole("row").count()).toBe(151);
    expect(await page.locator("button:visible").count()).toBe(0);
    await page.setViewportSize({ width: 794, height: 1_123 });
    expect(await printed.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await printed.waitFor({ state: "detached" });
  });

  test("names with markup, reversed text, control characters and emoji are shown as text", async () => {
    const data = demoData();
    const names = [
      "<img src=x onerror=alert(1)> & Co",
      "Acme \u202egnp.exe",
      "שלום בע״מ",
      "👩🏽‍🔧 Works",
      "x".repeat(200),
    ];
    data.alerts = names.map((supplierName, i) =>
      Object.assign(manyAlerts(names.length)[i] ?? {}, { supplierName }),
    ) as typeof data.alerts;
    const { page, complaints } = await openPage(opsInMemory(data).routes);
    for (const name of ["<img src=x onerror=alert(1)> & Co", "Acme ⟨U+202E⟩gnp.exe", "שלום בע״מ", "👩🏽‍🔧 Works"]) {
      await row(page, name).waitFor();
    }
    expect(await row(page, "x".repeat(200)).evaluate((one) => one.getBoundingClientRect().height)).toBe(40);
    expect(await page.locator(".cell-name bdi").count()).toBe(names.length);
    expect(complaints).toEqual([]);
  });
});
