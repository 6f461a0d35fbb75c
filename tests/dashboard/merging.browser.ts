import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { demoMerges, MERGE_ID } from "./merges-in-memory.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const SUPPLIER = "#/suppliers/S-1000";
const TITLE = "Is it the same company as another supplier";

describe.skipIf(!hasChromium)("duplicates and merges on the page of a supplier (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("a duplicate is merged with a reason after a confirmation, and the merge is undone", async () => {
    const merges = demoMerges();
    const { page, complaints } = await openPage(opsInMemory({ ...demoData(), merges }).routes, SUPPLIER);
    await page.getByText(TITLE).click();
    await page.getByText("same LEI 506700GE1G29325QX363, similar name").waitFor();
    await page.getByRole("link", { name: "Aldermoor <i>Castings</i> Ltd" }).waitFor();
    const merge = page.getByRole("button", { name: "Merge S-9<b> into S-1000…" });
    await merge.click();
    // Escape closes the form, and nothing is sent.
    await page.keyboard.press("Escape");
    await merge.click();
    expect(merges.merged).toEqual([]);
    await page.getByLabel("Reason").fill("renamed in May");
    await page.getByRole("button", { name: "Merge S-9<b> into S-1000", exact: true }).click();
    await page.getByText("S-9<b> is merged into S-1000.").waitFor();
    expect(merges.merged).toMatchObject([
      {
        ...{ survivorId: "S-1000", mergedId: "S-9<b>", reason: "renamed in May" },
        ...{ survivorVersion: "a".repeat(32), mergedVersion: "b".repeat(32) },
      },
    ]);
    await page.getByText("Its identifiers: VAT DE123456789").waitFor();
    await page.getByRole("button", { name: "Undo the merge of S-9<b>…" }).click();
    await page.getByLabel("Reason").fill("two companies");
    await page.getByRole("button", { name: "Undo the merge of S-9<b>", exact: true }).click();
    await page.getByText("S-9<b> and S-1000 are shown apart again.").waitFor();
    expect(merges.undone).toMatchObject([{ mergeId: MERGE_ID, reason: "two companies" }]);
    await page.getByText("Undone by").waitFor();
    expect(complaints).toEqual([]);
  });

  test("a merged supplier names its survivor, and the survivor the merged ones with their scores", async () => {
    const data = demoData();
    data.suppliers = data.suppliers.map((supplier) =>
      supplier.supplierId === "S-1000" ? { ...supplier, mergedInto: "S-<b>1" } : supplier,
    );
    const { page, complaints } = await openPage(opsInMemory(data).routes, SUPPLIER);
    await page.getByText("Merged into S-<b>1, which lists and searches show.").waitFor();
    expect(await page.getByRole("link", { name: "S-<b>1" }).getAttribute("href")).toContain("#/suppliers/");
    data.suppliers = data.suppliers.map((supplier) =>
      supplier.supplierId === "S-1000" ? { ...supplier, mergedInto: "", mergedSupplierIds: ["S-2"] } : supplier,
    );
    await page.reload();
    await page.getByText("S-2 is merged into this supplier.").waitFor();
    expect(complaints).toEqual([]);
  });

  test("a rejected decision keeps what was typed, and a dismissed pair is no longer shown", async () => {
    const merges = { ...demoMerges(), notCompared: 3, rejection: 'the supplier "S-1000" was changed' };
    const { page } = await openPage(opsInMemory({ ...demoData(), merges }).routes, SUPPLIER);
    await page.getByText(TITLE).click();
    await page.getByText("3 further suppliers with the same evidence not shown").waitFor();
    await page.getByRole("button", { name: "S-9<b> is another company…" }).click();
    await page.getByLabel("Reason").fill("two branches");
    const send = page.getByRole("button", { name: "S-9<b> is another company", exact: true });
    await send.click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByLabel("Reason").inputValue()).toBe("two branches");
    expect(merges.dismissed).toEqual([]);
    Object.assign(merges, { rejection: undefined });
    await send.click();
    await page.getByText("No other supplier has enough in common with this one.").waitFor();
    expect(merges.dismissed).toMatchObject([{ firstId: "S-1000", secondId: "S-9<b>", reason: "two branches" }]);
  });
});
