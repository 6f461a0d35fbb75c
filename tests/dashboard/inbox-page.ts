import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Locators and readings of the inbox, for its tests. */

/** The row of the list with a text. */
export const row = (page: Page, text: string) => page.locator(".inbox-rows .inbox-row").filter({ hasText: text });

/** The side panel. */
export const panel = (page: Page) => page.locator("section.panel");

/** Waits until the result of the last action has this text. */
export const isDone = (page: Page, text: string | RegExp) => page.locator(".done", { hasText: text }).waitFor();

/** Returns the names of the drawn rows, from the top. */
export const rowNames = (page: Page): Promise<string[]> =>
  page.locator(".inbox-rows .inbox-row").evaluateAll((rows) =>
    rows
      .map((one) => ({
        top: one.getBoundingClientRect().top,
        name: one.querySelector(".cell-name")?.textContent ?? "",
      }))
      .sort((a, b) => a.top - b.top)
      .map(({ name }) => name.trim()),
  );

/** Returns the name of the row that keys act on. */
export const activeName = (page: Page): Promise<string | undefined> =>
  page.locator('.inbox-row[data-active="true"] .cell-name').evaluateAll((cells) => cells[0]?.textContent?.trim());

/** Waits until a name is that of the active row. */
export const isActive = (page: Page, name: string) =>
  expect.poll(() => activeName(page), { timeout: 25_000 }).toBe(name);

/** Waits until the watch is live. */
export const isLive = (page: Page) =>
  page
    .getByRole("status")
    .filter({ hasText: /^Live$/ })
    .waitFor();

/** Waits until the other pages are loaded: then they can be opened without a connection. */
export const pagesAreLoaded = (page: Page) =>
  page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.includes("/run-page")));

/** The button with the number of changes that the list does not show yet. */
export const changesBar = (page: Page) => page.getByRole("button", { name: /changes?: show$/ });
