import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { BandLimitsSchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import {
  FeatureDirection,
  FeatureKind,
  ModelFeatureSchema,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { TEST_FEATURES, testChunk } from "../../services/ops-service/test/ops-harness.ts";
import { hasChromium } from "./browser.ts";
import { isDone, panel, row } from "./inbox-page.ts";
import { usePages } from "./page-harness.ts";

const FEATURES = [
  {
    ...{ name: "past_disputes", kind: FeatureKind.NUMERIC, unit: "disputes", typical: 1 },
    direction: FeatureDirection.RAISES,
  },
  ...TEST_FEATURES.slice(1),
];
const COLUMNS = ["past_disputes", "spend", "age"];

/** Scores and disputes of each supplier in two weeks. Undefined: the supplier is not in the week. */
const SUPPLIERS: readonly {
  readonly id: string;
  readonly scores: readonly [before: number | undefined, now: number];
  readonly disputes: readonly [before: number, now: number];
}[] = [
  { id: "S-rising", scores: [0.9, 0.95], disputes: [4, 7] },
  { id: "S-falling", scores: [0.95, 0.75], disputes: [7, 4] },
  { id: "S-worse", scores: [0.75, 0.9], disputes: [1, 5] },
  { id: "S-new", scores: [undefined, 0.93], disputes: [0, 3] },
  { id: "S-calm", scores: [0.5, 0.2], disputes: [1, 1] },
  ...Array.from({ length: 12 }, (_, i) => ({
    ...{ id: `S-${i}`, scores: [0.3, 0.3 + i / 1_000] as const, disputes: [1, 1] as const },
  })),
];

describe.skipIf(!hasChromium)("two weeks in ops-service (apt-get install chromium)", () => {
  const pages = usePages();

  /** Starts ops-service with the page and two complete weeks. */
  async function startTwoWeeks() {
    const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-two-weeks-"));
    pages.onEnd(() => rm(folder, { recursive: true, force: true }));
    const cluster = await startPostgresCluster();
    pages.onEnd(async () => cluster[Symbol.asyncDispose]());
    const ops = await startService("ops-service", {
      DATABASE_URL: await cluster.createDatabase(),
      BELLWETHER_DATA_DIR: folder,
      OPS_SERVICE_DASHBOARD: pages.dist(),
    });
    pages.onEnd(() => ops.stop());
    const transport = createGrpcTransport({ baseUrl: ops.grpc });
    const batch = createClient(BatchService, transport);
    for (const [i, isoWeek] of (["2026-W40", "2026-W41"] as const).entries()) {
      const { lease } = await batch.startRun({ isoWeek, modelName: "supplier-risk", holder: isoWeek });
      const rows = SUPPLIERS.flatMap(({ id, scores, disputes }) => {
        const score = scores[i];
        return score === undefined
          ? []
          : [{ id, score, values: [disputes[i] ?? 0, 100, 8, 0], exposure: id === "S-calm" ? Number.NaN : 1_000 }];
      });
      const chunk = testChunk(lease, 0, rows);
      chunk.features = FEATURES.map((feature) => create(ModelFeatureSchema, feature));
      if (chunk.scores) {
        chunk.scores.columnNames = COLUMNS;
        chunk.scores.bandLimits = create(BandLimitsSchema, { medium: 0.4, high: 0.7 });
      }
      await batch.submitChunk(chunk);
      const counts = { rowsRead: BigInt(rows.length), rowsRejected: 0n, chunksTotal: 1 };
      await batch.completeRun({ ...(lease && { lease }), ...counts });
    }
    return { url: ops.web, alerts: createClient(AlertService, transport) };
  }

  test("a row and a page say what a value was in the week before, and the history has the recorded band limits", async () => {
    const { url } = await startTwoWeeks();
    const { page, complaints } = await pages.openUrl(`${url}/`);
    await row(page, "Name of S-rising").getByText("past disputes 7, was 4").waitFor();
    await row(page, "Name of S-rising").click();
    await panel(page).getByText("High because of 7 past disputes (typical 1)", { exact: false }).waitFor();
    await page.goto(`${url}/#/suppliers/S-rising`);
    const disputes = page.getByRole("region", { name: "Why this score" }).getByRole("row").nth(1);
    for (const text of ["past disputes", "\t7\t", "\t4\t"])
      await expect.poll(() => disputes.innerText()).toContain(text);
    const history = page.getByRole("img", { name: "Risk score by week, 2 weeks, the latest 0.95 in 2026-W41" });
    await history.locator("text", { hasText: "High from 0.70" }).waitFor();
    await history.locator("text", { hasText: "Medium from 0.40" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("every number of the week opens a list with that many rows, and the movers are those of the week", {
    timeout: 180_000,
  }, async () => {
    const { url, alerts } = await startTwoWeeks();
    const listed = await alerts.listAlerts({});
    const idOf = (supplierId: string) => {
      const found = listed.alerts.find((alert) => alert.supplierId === supplierId);
      if (!found) throw new Error(`no alert about ${supplierId}`);
      return { alertId: found.alertId, version: found.version };
    };
    await alerts.snoozeAlert({ ...idOf("S-rising"), untilWorse: true });
    await alerts.resolveAlert({ ...idOf("S-new"), disposition: 1 });

    const { page, complaints } = await pages.openUrl(`${url}/#/week`);
    await page.getByText("Biggest risers").waitFor();
    /** Follows the link of each number, and returns the numbers by their texts. */
    const openAll = async (): Promise<Record<string, number>> => {
      const links = page.locator("main a").filter({ hasText: /^\s*\d/ });
      const opened: Record<string, number> = {};
      for (let i = 0; i < (await links.count()); i++) {
        const text = ((await links.nth(i).textContent()) ?? "").trim();
        const number = Number.parseInt(text, 10);
        await links.nth(i).click();
        await listHas(page, number);
        const before = opened[text.replace(/^\d+\s*/, "")];
        opened[`${text.replace(/^\d+\s*/, "")}${before === undefined ? "" : ` ${i}`}`] = number;
        await page.goBack();
        await page.getByText("Biggest risers").waitFor();
      }
      return opened;
    };
    /** The numbers of suppliers and alerts that are not links. */
    const unlinked = () =>
      page.locator(".numbers li, .headline, main p.quiet").evaluateAll((all) =>
        all.flatMap((one) => {
          const rest = one.cloneNode(true);
          if (!(rest instanceof HTMLElement)) return [];
          for (const link of rest.querySelectorAll("a")) link.remove();
          return /\b\d+ (supplier|in )/.test(rest.textContent ?? "") ? [rest.textContent] : [];
        }),
      );
    const opened = await openAll();
    console.log(`numbers of the week that open a list: ${JSON.stringify(opened)}`);
    expect(opened).toMatchObject({ new: 2, supplier: 1 });
    // What happened to alerts in the week, which can be in another state since.
    const happened = { "cleared at some time": 2, "snoozed at some time": 1, "decided at some time": 1 };
    expect(opened).toMatchObject(happened);
    expect(opened.suppliers).toBe(SUPPLIERS.length);
    expect(Object.keys(opened).filter((text) => text.startsWith("in 2026-W40"))).toHaveLength(4);
    expect(await unlinked()).toEqual([]);

    const movers = async (name: string) =>
      page.getByRole("region", { name }).getByRole("row").nth(1).getByRole("rowheader").innerText();
    expect([await movers("Biggest risers"), await movers("Biggest fallers")]).toEqual([
      "Name of S-worse",
      "Name of S-calm",
    ]);
    await page.getByRole("link", { name: "Biggest risers" }).click();
    await expect.poll(() => page.getByRole("row").nth(1).innerText()).toContain("Name of S-worse");
    await page.goto(`${url}/#/week/2026-W40`);
    await page.getByRole("heading", { name: "Week 2026-W40" }).waitFor();
    await page.getByText("Biggest risers").waitFor();
    expect((await openAll()).suppliers).toBe(SUPPLIERS.length - 1);
    expect(await unlinked()).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("when an alert is handed over, the server suggests owners of other alerts by their first letters", async () => {
    const { url, alerts } = await startTwoWeeks();
    const [first, second] = (await alerts.listAlerts({})).alerts;
    for (const [alert, owner] of [
      [first, "Jo Meier"],
      [second, "kim"],
    ] as const)
      await alerts.assignAlert({ alertId: alert?.alertId ?? "", version: alert?.version ?? 0n, owner });
    const { page } = await pages.openUrl(`${url}/`);
    await row(page, "Name of S-worse").click();
    await page.getByRole("button", { name: "Hand over…" }).click();
    const form = panel(page).getByRole("form");
    await form.getByRole("button", { name: "Jo Meier" }).waitFor();
    await form.getByRole("button", { name: "kim" }).waitFor();
    await form.getByRole("combobox", { name: "New owner" }).fill("mei");
    await form.getByRole("button", { name: "kim" }).waitFor({ state: "detached" });
    await form.getByRole("button", { name: "Jo Meier" }).click();
    await page.keyboard.press("Enter");
    await form.getByRole("button", { name: "Hand over", exact: true }).click();
    await isDone(page, "Handed over to Jo Meier: Name of S-worse.");
  });
});

/** Waits until a list of alerts or suppliers reports this number of rows. */
async function listHas(page: Page, rows: number): Promise<void> {
  const alerts = page.getByText(new RegExp(`^${rows} in this list$`));
  const suppliers = page.getByText(new RegExp(`^${rows} suppliers?( in 2026-W4[01])?$`));
  await alerts.or(suppliers).first().waitFor();
}
