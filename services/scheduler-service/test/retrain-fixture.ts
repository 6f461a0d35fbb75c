import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { isoWeekEnd, isoWeekNumber, isoWeekOfNumber } from "@bellwether/contract/iso-week";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { AuditEvent } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { DriftOutcome, DriftReference, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { type OutcomeSchema, OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { snapshotWeekly } from "@bellwether/ingest/snapshot/weekly-snapshot";
import { route } from "@bellwether/mesh/call/route";
import { startServer } from "@bellwether/mesh/server/start-server";
import { createLogger } from "@bellwether/telemetry/logger";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

const MODEL = `version: 1
name: late
features:
  - { name: delay, kind: numeric, unit: days, range: [0, 1000] }
  - { name: noise, kind: numeric, unit: points, range: [0, 1000] }
  - { name: region, kind: category }
target: { name: fails, risk_class: fails, other_class: lives }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.5
trainer:
  kind: gradient_boosting
  trees: 10
  max_depth: 2
  learning_rate: 0.3
  l2: 1
  min_child_weight: 1
  subsample: 1
  column_sample: 1
split: { by: supplier, test_share: 0.25 }
outcomes: { horizon_days: 7, complete_after_days: 0 }
seed: 1
`;
const COLUMNS = "{ supplier_id: text, delay: number, noise: number, region: text }";
const MAPPING = `version: 1
sources: { suppliers: { file: suppliers.csv, columns: ${COLUMNS} } }
rows: { from: suppliers, features: [delay, noise, region] }
weekly:
  form: flat
  source: { file: week.csv, columns: ${COLUMNS} }
  rows: { features: [delay, noise, region], attributes: { category: "case when noise > 48 then 'loud' end" } }
`;
const SUPPLIERS = 60;
const FIRST = isoWeekNumber("2026-W01") ?? 0;
const DAY_MS = 86_400_000;
/** A supplier fails in the week after its delay is above 50, which every fifth supplier's is in each third week. */
const delayOf = (supplier: number, week: number): number => (supplier % 5 === week % 5 ? 60 + supplier : supplier % 40);

/** The weeks of the fixture, all complete. */
export const WEEKS = Array.from({ length: 12 }, (_, i) => isoWeekOfNumber(FIRST + i));

type OutcomeInit = MessageInitShape<typeof OutcomeSchema>;

/** A folder with the files of twelve weeks (`WEEK.csv`), their snapshots, and the outcomes of their suppliers. */
export async function weeksFolder() {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-retrain-"));
  const at = (...names: string[]): string => path.join(folder, ...names);
  await writeFile(at("model_config.yaml"), MODEL);
  await writeFile(at("feature_mapping.yaml"), MAPPING);
  await writePolicy(at("risk_policy.yaml"));
  const pair = await loadConfigPair(at("model_config.yaml"), at("feature_mapping.yaml"));
  const outcomes: OutcomeInit[] = [];
  for (const [w, week] of WEEKS.entries()) {
    const rows = Array.from({ length: SUPPLIERS }, (_, s) => {
      const delay = delayOf(s, w);
      const happenedOn = new Date(Date.parse(isoWeekEnd(week)) + 3 * DAY_MS).toISOString().slice(0, 10);
      // A little noise, so that no feature is the label.
      if (delay > 50 !== (s * 7 + w) % 13 < 1)
        outcomes.push({ supplierId: `S${s}`, value: OutcomeValue.OCCURRED, happenedOn, knownOn: happenedOn });
      return `S${s},${delay},${(s * 31 + w * 17) % 97},${["north", "south"][s % 2]}`;
    });
    const outParquet = at("weeks/late", week, "snapshot.parquet");
    await mkdir(path.dirname(outParquet), { recursive: true });
    const input = at(`${week}.csv`);
    await writeFile(input, `supplier_id,delay,noise,region\n${rows.join("\n")}\n`);
    await snapshotWeekly({ ...pair, input, outParquet });
    await writeFile(at("weeks/late", week, "report.json"), "{}");
  }
  return { at, outcomes, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Writes a policy of retrains by hand, with other lines instead of its own. */
export async function writePolicy(file: string, lines: Readonly<Record<string, string | number>> = {}): Promise<void> {
  const all = { starts: "by_hand", min_weeks: 4, ...lines };
  const text = Object.entries(all).map(([key, value]) => `  ${key}: ${value}\n`);
  await writeFile(file, `version: 1\nretrain:\n${text.join("")}`);
}

/** The part of ops-service that retrains use, in memory, behind the real gRPC contract. */
export async function startOps() {
  const state = {
    ...{ outcomes: [] as OutcomeInit[], events: [] as AuditEvent[], drifted: [] as string[], withdrawn: "" },
    /** Suppliers with an active alert, and number of the next calls that fail to read them. */
    ...{ alerted: [] as string[], alertFailures: 0 },
    /** The rule sets of the default model: that of "late" has none of its own. */
    ruleSets: [{ modelName: "other", alertThreshold: 0.7, clearThreshold: 0.5 }, { modelName: "other" }],
  };
  const runOf = (isoWeek: string) => ({
    ...{ isoWeek, modelName: "late", state: isoWeek === state.withdrawn ? RunState.VOIDED : RunState.COMPLETE },
    drift: state.drifted.map((feature) => ({
      feature,
      comparisons: [{ reference: DriftReference.TRAINING, outcome: DriftOutcome.ALARM }],
    })),
  });
  const mesh = await startServer({
    name: "ops",
    ports: { grpc: 0, web: 0, admin: 0 },
    routes: [
      route(BatchService, {
        listRuns: () => ({ runs: WEEKS.toReversed().map((week) => ({ ...runOf(week), drift: [] })) }),
        getRun: ({ isoWeek }) => ({ run: runOf(isoWeek) }),
      }),
      route(OutcomeService, {
        listOutcomes: ({ pageSize, pageToken, modelName }) => {
          if (modelName !== "late") return {};
          const from = Number(pageToken || "0");
          const page = state.outcomes.slice(from, from + pageSize);
          const recordedAt = timestampFromMs(Date.now());
          const next = from + pageSize < state.outcomes.length ? String(from + pageSize) : "";
          return { outcomes: page.map((one) => ({ recordedAt, modelName, ...one })), nextPageToken: next };
        },
      }),
      route(RuleService, { listRuleSets: () => ({ ruleSets: state.ruleSets }) }),
      route(AlertService, {
        // One alert a page.
        listAlerts: ({ modelName, pageToken }) => {
          if (state.alertFailures-- > 0) throw new ConnectError("the database does not answer", Code.Unavailable);
          const at = Number(pageToken || "0");
          const alerts = state.alerted.slice(at, at + 1).map((supplierId) => ({ supplierId, modelName }));
          return { alerts, nextPageToken: at + 1 < state.alerted.length ? String(at + 1) : "" };
        },
      }),
      route(AuditService, {
        async appendEvents(requests) {
          for await (const { events } of requests)
            for (const event of events)
              if (!state.events.some(({ eventId }) => eventId === event.eventId)) state.events.push(event);
          return {};
        },
      }),
    ],
    errors: {},
    logger: createLogger({ name: "ops", level: "silent" }),
  });
  return {
    url: `http://127.0.0.1:${mesh.addresses.grpc.port}`,
    ...{ state, [Symbol.asyncDispose]: () => mesh.stop() },
  };
}
