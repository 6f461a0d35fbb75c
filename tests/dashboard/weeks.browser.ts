import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  CheckKind,
  CheckOutcome,
  DriftAspect,
  DriftKind,
  DriftOutcome,
  DriftReference,
  RunStage,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testChunk } from "../../services/ops-service/test/ops-harness.ts";
import { overflowOf, seriousViolations } from "./axe.ts";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

const MODEL = "supplier-risk";
const SUPPLIERS = 40;
const UNIT = {
  ...{ kind: CheckKind.UNIT, outcome: CheckOutcome.FAILED, column: "spend", value: 100, limit: 20 },
  detail: "the median is 100000, 100 times the 1000 of 2026-W40 (limit: 20 times, or 1/20); check the unit",
};
const ROWS = { kind: CheckKind.ROWS, outcome: CheckOutcome.PASSED, detail: "40 rows, 100 % of the 40 of 2026-W40" };
const DRIFT = {
  ...{ feature: "spend", psi: 0.31, kind: DriftKind.NUMERIC },
  comparisons: [
    {
      ...{
        reference: DriftReference.TRAINING,
        aspect: DriftAspect.VALUES,
        outcome: DriftOutcome.ALARM,
        pValue: 0.0001,
      },
      ...{ referenceRows: 8_000n, presentRows: 40n, effect: 0.41, effectNoise: 0.02, shift: 0.41 },
      ...{ referenceValue: 1_000, presentValue: 1_300, text: "spend rose by 0.41 σ since training (alarm)" },
      bins: [
        { upper: 333.33333, referenceShare: 0.6, presentShare: 0.3 },
        { lower: 333.33333, referenceShare: 0.4, presentShare: 0.7 },
      ],
    },
  ],
};
const NOTICE = ".notice";

describe.skipIf(!hasChromium)("Weeks (apt-get install chromium)", () => {
  const pages = usePages();
  let cluster: PostgresCluster;
  let service: ServiceProcess;
  let folder = "";
  let batch: Client<typeof BatchService>;

  /** Starts the run of a week, as a scheduler does. */
  async function startRun(isoWeek: string, source: string) {
    const sourceDigest = source.repeat(64);
    const { lease } = await batch.startRun({ isoWeek, modelName: MODEL, holder: isoWeek, sourceDigest });
    if (!lease) throw new Error(`no lease of ${isoWeek}`);
    return lease;
  }

  type Lease = Awaited<ReturnType<typeof startRun>>;

  /** Sends the scores of a run and completes it. The first `high` suppliers have a high score. */
  async function complete(lease: Lease, high: number, checks: (typeof UNIT)[] = []) {
    const rows = Array.from({ length: SUPPLIERS }, (_, i) => ({
      ...{ id: `S_${i}`, score: i < high ? 0.9 : 0.1 + i / 1_000, values: [0.2, 1_000, 8, 0], exposure: 1_000 + i },
    }));
    await batch.submitChunk(testChunk(lease, 0, rows));
    const reason = { stage: "reading", source: "weekly", column: "spend", reason: "not a number", rows: 4n };
    await batch.completeRun({
      ...{ lease, rowsRead: BigInt(SUPPLIERS + 4), rowsRejected: 4n, chunksTotal: 1, drift: [DRIFT] },
      checks: [...checks, ROWS],
      inputReport: {
        ...{ reasons: [reason], reasonsCount: 1 },
        samples: [
          { source: "weekly", file: "week.csv", line: 7n, column: "spend", reason: "not a number", text: "n/k" },
        ],
        files: [{ source: "weekly", file: "week.csv", rows: 40n, rowsRejected: 4n, sha256: "a".repeat(64) }],
      },
    });
  }

  async function hold(isoWeek: string): Promise<void> {
    const lease = await startRun(isoWeek, isoWeek.slice(-1));
    await batch.reportProgress({ lease, stage: RunStage.VALIDATE, rowsRead: 44n });
    await batch.holdRun({ lease, checks: [UNIT, ROWS] });
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-weeks-"));
    cluster = await startPostgresCluster();
    service = await startService("ops-service", {
      DATABASE_URL: await cluster.createDatabase(),
      BELLWETHER_DATA_DIR: folder,
      OPS_SERVICE_DASHBOARD: pages.dist(),
    });
    batch = createClient(BatchService, createGrpcTransport({ baseUrl: service.grpc }));
    await complete(await startRun("2026-W40", "0"), 2);
    await hold("2026-W41");
    await hold("2026-W42");
    await batch.recordMissedWeek({
      ...{ isoWeek: "2026-W43", modelName: MODEL },
      reason: "in/2026-W43.csv is not there; waited 24 hours for it",
    });
    await complete(await startRun("2026-W44", "4"), 4);
    const { run } = await batch.getRun({ isoWeek: "2026-W44", modelName: MODEL });
    await batch.supersedeRun({ runId: run?.runId ?? 0, reason: "the amounts were in cents" });
    await complete(await startRun("2026-W44", "5"), 3);
    await hold("2026-W45");
  });
  afterAll(async () => {
    await service?.stop();
    await cluster?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (hash: string) => pages.openUrl(`${service.web}/#${hash}`);
  const notice = (page: Page, text: string | RegExp) => page.locator(NOTICE).filter({ hasText: text });

  /** Presses Tab until the element with the focus has this name. */
  async function tabTo(page: Page, name: string): Promise<void> {
    const focused = page.locator(":focus");
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      const label = (await focused.count()) > 0 ? await focused.evaluate((one) => one.textContent ?? "") : "";
      if (label.trim() === name) return;
    }
    throw new Error(`no element "${name}" takes the focus`);
  }

  test("a held run shows its reason and figures; approved with the keyboard alone, it completes", async () => {
    const { page, complaints } = await open("/run/2026-W41");
    await notice(page, "The run is held: nothing of it is published").waitFor();
    await notice(page, "1 check of the input failed").getByText("spend: the median is 100000, 100 times").waitFor();
    const checks = page.getByRole("region", { name: "Checks of the input" }).first();
    await checks.getByRole("row", { name: /Unit.*spend.*Failed/ }).waitFor();
    expect(await page.locator(NOTICE).count()).toBe(1);
    await tabTo(page, "Approve the run…");
    await page.keyboard.press("Enter");
    await page.keyboard.type("spend is in cents since October");
    await tabTo(page, "Approve the run");
    await page.keyboard.press("Enter");
    await notice(page, "Approved: the run goes on within a minute")
      .getByText("“spend is in cents since October”")
      .waitFor();
    expect(await notice(page, "The run is held").count()).toBe(0);
    // The scheduler continues the run.
    await complete(await startRun("2026-W41", "1"), 2, [UNIT]);
    await page.locator(".page-head").getByText("Complete").waitFor();
    await notice(page, "Published although checks failed: approved").waitFor();
    expect(complaints).toEqual([]);
  });

  test("a held run is voided with a reason, and the page says who did it, when and why", async () => {
    const { page, complaints } = await open("/run/2026-W42");
    await page.getByRole("button", { name: "Void the run…" }).click();
    const form = page.getByRole("form", { name: "Void the run: 2026-W42" });
    await form.getByRole("button", { name: "Void the run" }).click();
    expect(await form.getByRole("textbox").evaluate((one: HTMLTextAreaElement) => one.validity.valueMissing)).toBe(
      true,
    );
    await form.getByRole("textbox", { name: "Reason" }).fill("the file is that of <b>August</b>");
    await form.getByRole("button", { name: "Void the run" }).click();
    const voided = notice(page, "Voided: none of its scores is shown");
    await voided.getByText(/By .+, .*2026.*: “the file is that of <b>August<\/b>”/).waitFor();
    await voided.getByText("npx bellwether weekly run --week 2026-W42 --input FILE", { exact: true }).waitFor();
    await page.locator(".page-head").getByText("Voided").waitFor();
    expect(complaints).toEqual([]);
  });

  test("a missed week says what was missed, why, since when, and what to do, with commands that can be copied", async () => {
    const { page, context, complaints } = await open("/run/2026-W43");
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const missed = notice(page, "2026-W43 was missed: no supplier has a score of this week");
    await missed.getByText("Why: in/2026-W43.csv is not there; waited 24 hours for it. Recorded").waitFor();
    await missed.getByText("npx bellwether weekly trigger --week 2026-W43 --input FILE", { exact: true }).waitFor();
    const command = "npx bellwether weekly run --week 2026-W43 --input FILE";
    await missed.getByRole("button", { name: `Copy ${command}` }).click();
    await missed.getByRole("status").filter({ hasText: "Copied" }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(command);
    // Nothing was read, so there is nothing else to show.
    for (const name of ["Progress", "Checks of the input", "Drift"])
      expect(await page.getByRole("region", { name }).count()).toBe(0);
    await page.getByRole("region", { name: "Latest runs" }).getByText("Missed: no input").waitFor();
    expect(complaints).toEqual([]);
  });

  test("a revision says what it changed, and leads to the run that it replaced and back", async () => {
    const { page } = await open("/run/2026-W44");
    const replaced = notice(page, "Revision 2 replaced an earlier run of 2026-W44");
    await replaced.getByText("1 score of 40 suppliers changed, by at most").waitFor();
    await replaced.getByRole("link", { name: "Show the run that it replaced" }).click();
    const superseded = notice(page, "Superseded: another revision of 2026-W44 is shown");
    await superseded.waitFor();
    await superseded.getByRole("link").click();
    await replaced.waitFor();
    const list = page.getByRole("region", { name: "Latest runs" });
    expect(await list.getByRole("link", { name: "2026-W44" }).count()).toBe(2);
    await list.getByText("supplier-risk, revision 2").waitFor();
  });

  test("the report is downloaded as HTML, CSV and JSON; its page is accessible, prints whole, and loads nothing", async () => {
    const { page, complaints } = await open("/run/2026-W40");
    const files = new Map<string, string>();
    for (const name of ["HTML page", "CSV", "JSON"]) {
      const downloading = page.waitForEvent("download");
      await page.getByRole("button", { name }).click();
      const download = await downloading;
      files.set(download.suggestedFilename(), await readFile(await download.path(), "utf8"));
    }
    expect([...files.keys()]).toEqual(["html", "csv", "json"].map((form) => `weekly-report-2026-W40.${form}`));
    expect(JSON.parse(files.get("weekly-report-2026-W40.json") ?? "").counts.scored).toBe(SUPPLIERS);
    expect(files.get("weekly-report-2026-W40.csv")).toContain("2026-W40,supplier-risk,1,rows,,read,44,,rows\r\n");
    const file = path.join(folder, "report.html");
    await writeFile(file, files.get("weekly-report-2026-W40.html") ?? "");
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    await page.getByRole("heading", { name: "Weekly report 2026-W40", level: 1 }).waitFor();
    await page.getByText("44 rows read = 40 scored + 4 rejected.").waitFor();
    expect(requests).toEqual([pathToFileURL(file).href]);
    for (const colorScheme of ["light", "dark"] as const)
      for (const width of [390, 1_280]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        expect([colorScheme, width, await overflowOf(page), await seriousViolations(page)]).toEqual([
          ...[colorScheme, width, 0, []],
        ]);
      }
    await page.emulateMedia({ media: "print" });
    const breaks = await page
      .locator("svg, figure, tr")
      .evaluateAll((all) => [...new Set(all.map((one) => getComputedStyle(one).breakInside))]);
    expect(breaks).toEqual(["avoid"]);
    expect(complaints).toEqual([]);
  });

  test("in every state the page has no serious violation in both themes, and fits windows of 390 and 1,280 px", async () => {
    const { page } = await open("/run/2026-W45");
    const found: Record<string, unknown> = {};
    const check = async (state: string): Promise<void> => {
      for (const width of [390, 1_280]) {
        await page.setViewportSize({ width, height: 800 });
        const overflow = await overflowOf(page);
        if (overflow > 0) found[`${state}, ${width} px`] = overflow;
      }
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const violations = await seriousViolations(page);
        if (violations.length > 0) found[`${state}, ${colorScheme}`] = violations;
      }
    };
    await notice(page, "The run is held").waitFor();
    await check("held");
    await page.getByRole("button", { name: "Void the run…" }).click();
    await page.getByRole("textbox", { name: "Reason" }).waitFor();
    await check("form");
    const { runs } = await batch.listRuns({ pageSize: 20 });
    const first = runs.find(({ isoWeek, revision }) => isoWeek === "2026-W44" && revision === 1);
    for (const [hash, text] of [
      ["/run/2026-W43", "was missed"],
      ["/run/2026-W44", "Revision 2 replaced"],
      [`/run/2026-W44?run=${first?.runId}`, "Superseded: another revision"],
      ["/run/2026-W40", "Checks of the input"],
    ] as const) {
      await page.evaluate((to) => {
        window.location.hash = to;
      }, hash);
      await page.getByText(text).first().waitFor();
      await check(hash);
    }
    expect(found).toEqual({});
  });

  test("who may not administer reads why a run is held, and has no button to decide", async () => {
    const data = demoData();
    const [run] = data.runs;
    if (!run) throw new Error("the demo data has no run");
    const ops = opsInMemory(data);
    await batch.getRun({ isoWeek: "2026-W45", modelName: MODEL }).then(({ run: held }) => Object.assign(run, held));
    const viewer = {
      authentication: "on",
      subject: "1",
      name: "Vi",
      actor: "Vi (1)",
      role: "viewer",
      method: "session",
    };
    const { page } = await pages.openPage(ops.routes, "#/run", viewer);
    await notice(page, "An administrator approves or voids the run.").waitFor();
    expect(await page.getByRole("button", { name: /Void|Approve/ }).count()).toBe(0);
  });
});
