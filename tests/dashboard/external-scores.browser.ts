import { MissingExternalScore } from "@bellwether/gen/bellwether/ops/v1/external_score_pb";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const scale = { min: 0, max: 100, staleAfterDays: 365 };

describe.skipIf(!hasChromium)("External scores (apt-get install chromium)", () => {
  const { openPage } = usePages();

  test("are beside ours with scale, day and licence; a stale one is missing with its age", async () => {
    const externalScores = [
      {
        source: { name: "a", title: "Rating <b>A</b>", licence: "internal only", ...scale },
        score: 0,
        asOf: "2026-06-01",
      },
      {
        ...{ source: { name: "b", title: "Rating B", licence: "contract 17", ...scale }, asOf: "2024-01-01" },
        ...{ missing: MissingExternalScore.STALE, ageDays: 911 },
      },
    ];
    const { page, complaints } = await openPage(
      opsInMemory({ ...demoData(), externalScores }).routes,
      "#/suppliers/S-1000",
    );
    const card = page.getByRole("region", { name: "Scores of others", exact: true });
    await card.getByText("Rating <b>A</b>").waitFor();
    await card.getByText("0 of 0 to 100, higher is better, as of 2026-06-01").waitFor();
    await card.getByText("Licence: internal only").waitFor();
    await card.getByText("missing: the latest is of 2024-01-01, 911 days old").waitFor();
    expect(complaints).toEqual([]);
  });

  test("without a declared source, the page has no card for them", async () => {
    const { page } = await openPage(opsInMemory(demoData()).routes, "#/suppliers/S-1000");
    await page.getByRole("link", { name: "Watch this supplier" }).waitFor();
    expect(await page.getByRole("region", { name: "Scores of others" }).count()).toBe(0);
  });
});
