import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { weekCsv } from "../../services/scheduler-service/test/weekly-fixture.ts";
import { createWeek, startMesh, type WeeklyMesh } from "./harness.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const SUPPLIERS = 40;

let mesh: WeeklyMesh;
/** An ops-service on the same database that knows ml-service. */
let ops: ServiceProcess;
beforeAll(async () => {
  mesh = await startMesh();
  for (const weekNumber of [20, 21]) {
    await using week = await createWeek(mesh, weekNumber);
    // In the later week, the rows belong to other suppliers.
    const [header, ...rows] = weekCsv(SUPPLIERS).replaceAll("north", "Europe").trimEnd().split("\n");
    const ids = rows.map((row) => row.split(",", 1)[0] ?? "");
    const moved = rows.map((row, i) => row.replace(/^[^,]+/, ids[(i + weekNumber) % SUPPLIERS] ?? ""));
    await week.writeFile(`${[header, ...moved].join("\n")}\n`);
    expect(await week.runOnce()).toMatchObject({ code: 0 });
  }
  ops = await startService("ops-service", { DATABASE_URL: mesh.databaseUrl, ML_SERVICE_URL: mesh.ml.url });
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

test("each score of a weekly run is explained from what the run stored, bit for bit", async () => {
  const client = createClient(SupplierService, createGrpcTransport({ baseUrl: ops.grpc }));
  const { suppliers } = await client.listSuppliers({ pageSize: 200 });
  expect(suppliers.length).toBe(SUPPLIERS);
  for (const { supplierId } of suppliers) {
    const { supplier } = await client.getSupplier({ supplierId });
    const answer = await client.explainScore({ supplierId });
    expect(answer.score?.riskScore).toBe(supplier?.latestScore?.riskScore);
    // The model of the test knows Europe, and no region "south".
    const region = answer.contributions.find(({ feature }) => feature === "region");
    expect(answer.notes.map(({ feature }) => feature)).toEqual(region?.category === "Europe" ? [] : ["region"]);
    const stored = new Map(supplier?.latestScore?.contributions.map((one) => [one.feature, one.contribution]));
    for (const { feature, contribution } of answer.contributions) expect(stored.get(feature)).toBe(contribution);
    const { change } = await client.explainScoreChange({ supplierId });
    expect(change?.scoreChange).toBeCloseTo(supplier?.latestScore?.change ?? Number.NaN, 6);
    const sum = change?.parts.reduce((total, { amount }) => total + (amount?.dataScore ?? 0), 0) ?? Number.NaN;
    expect(Math.abs(sum - (change?.scoreChange ?? Number.NaN))).toBeLessThan(1e-9);
  }
});

test("suppliers explain and suppliers change print it", async () => {
  const run = (...args: string[]) =>
    mesh.commands.run({ args: ["suppliers", ...args, "--ops", ops.grpc], env: PROCESS_ENV, cwd: process.cwd() });
  const id = weekCsv(SUPPLIERS).split("\n")[1]?.split(",", 1)[0] ?? "";
  const explained = await run("explain", id, "--top", "2", "--narrative");
  expect(explained.stdout).toMatch(new RegExp(`^${id} in 2026-W21: risk score 0\\.\\d{4}, supplier-risk v1$`, "m"));
  expect(explained.stdout).toMatch(/^ +-?\d\.\d{4} {2}(strong|moderate|weak) +\S/m);
  expect(explained.stdout).toMatch(/^ +-?\d\.\d{4} {2}\d+ others together$/m);
  const german = await run("explain", id, "--narrative-language", "de");
  expect(german.stdout).toMatch(/^ +-?\d,\d{4} {2}(stark|mittel|schwach) +\S/m);
  expect(german.stdout).toMatch(/Risikowert[^.]* 0,\d\d.*\n\(aus der Vorlage\)\n/);
  expect((await run("explain", id, "--narrative-language", "fr")).stderr).toMatch(/en.*de/);
  const lower = await run("counterfactual", id, "--max-changes", "1", "--target", "low");
  expect(lower).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^${id} in 2026-W21: 0\\.\\d{4} `)),
  });
  const asJson = await run("counterfactual", id, "--week", "2026-W20", "--fix", "past_disputes", "--json");
  expect(JSON.parse(asJson.stdout)).toMatchObject({ supplier_id: id, iso_week: "2026-W20", model_version: "v1" });
  const contrary = await run("counterfactual", id, "--limits", '[{"feature":"past_disputes","fixed":true,"min":1}]');
  expect([contrary.code, contrary.stderr]).toEqual([
    expect.any(Number),
    expect.stringContaining("is fixed and has min"),
  ]);
  expect(contrary.code).not.toBe(0);
  const changed = await run("change", id);
  expect(changed.stdout).toContain("2026-W20 → 2026-W21");
  expect(changed.stdout).toContain("percentage points of the risk score by feature");
  const json = JSON.parse((await run("change", id, "--json")).stdout) as { readonly before_week: string };
  expect(json.before_week).toBe("2026-W20");
  const wrong = await run("explain", id, "--week", "2026-W54");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("2026-W54")]);
});
