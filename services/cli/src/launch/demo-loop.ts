import { readFile } from "node:fs/promises";
import path from "node:path";
import { isoWeekEnd, isoWeekNumber, isoWeekOfNumber, newestIsoWeek } from "@bellwether/contract/iso-week";
import { toCsv } from "@bellwether/demo-data/csv";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { plantedWeek } from "@bellwether/demo-data/planted-week";
import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { makeFolder } from "@bellwether/files/data-folder";
import { replaceFile } from "@bellwether/files/durable-write";
import { type CliContext, dataFolder } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";

/** A week of the replayed demo. */
export interface DemoLoopWeek {
  readonly isoWeek: string;
  readonly suppliers: readonly string[];
  /** Suppliers at which the risk occurs in the days after the week. */
  readonly failing: ReadonlySet<string>;
}

/** A demo that replays the last weeks through the whole loop. */
export interface DemoLoop {
  /** Oldest first; the last one is the present week. */
  readonly weeks: readonly DemoLoopWeek[];
  /** Variables of the services: weekly files, configuration and policy of the demo. */
  readonly env: Readonly<Record<string, string>>;
}

/** Folder of the replayed demo, in the data folder. Its database and registry are there, too: nothing else is changed. */
const LOOP_FOLDER = "demo-weeks";
/** As many transactions a supplier as in the training data: only what is planted drifts. */
const COUNTS = { suppliers: 1_500, transactions: 715 };
const SEED = 20;
/** Length of the label's window in the demo: the outcomes of the replayed weeks are then known. */
export const DEMO_HORIZON_DAYS = 7;
/** The first week is as the training data; the change is planted from the second one on. */
const CHANGED_FROM = 1;

const POLICY = `# Policy of the demo that npm start -- --weeks replays: a retrain by drift, as soon as outcomes are recorded.
version: 1
retrain: { window_weeks: 52, min_weeks: 4, drift_alarms: 1, new_outcomes: 0, max_age_days: 0, min_days_between: 1 }
# A version that passes becomes the champion without a person. The planted change moves most alerts, and what matters for them.
promotion: { automatic: true, max_changed_alerts: 1, min_importance_correlation: -1, max_row_time_ratio: 20 }
`;

/** Returns the context of the replayed demo: with a data folder and a registry of its own. @throws UsageError */
export function demoLoopContext(context: CliContext, repository: string): CliContext {
  const { modelConfig } = readEnv(context.env, { modelConfig: sharedEnv.modelConfig });
  const isDemo = path.resolve(context.cwd, modelConfig) === path.join(repository, "config/model_config.yaml");
  if (!isDemo || context.env.DATABASE_URL || context.env.MODEL_REGISTRY_URL)
    throw new UsageError(
      "--weeks replays the demo with a database and a registry of its own: unset DATABASE_URL, MODEL_REGISTRY_URL and BELLWETHER_MODEL_CONFIG",
    );
  const folder = path.join(dataFolder(context), LOOP_FOLDER);
  const registry = `file:${path.join(folder, "models")}`;
  return { ...context, env: { ...context.env, BELLWETHER_DATA_DIR: folder, MODEL_REGISTRY_URL: registry } };
}

/**
 * Writes the files of the replayed demo. The same weeks have the same files.
 * @param context of `demoLoopContext`
 * @param count number of weeks, 8 to 26
 */
export async function prepareDemoLoop(
  context: CliContext,
  repository: string,
  count: number,
  now: Date,
): Promise<DemoLoop> {
  const folder = path.join(dataFolder(context), "input");
  await makeFolder(folder);
  const last = isoWeekNumber(newestIsoWeek(now)) ?? 0;
  const demo = generateDemo(COUNTS, SEED);
  const suppliers = demo.suppliers.map((supplier) => supplier.supplier_id);
  const weeks: DemoLoopWeek[] = [];
  for (let i = 0; i < count; i++) {
    const isoWeek = isoWeekOfNumber(last - count + 1 + i);
    const { rows, failing } = plantedWeek(demo, SEED, isoWeek, i >= CHANGED_FROM);
    await replaceFile(path.join(folder, `${isoWeek}.csv`), toCsv(rows));
    weeks.push({ isoWeek, suppliers, failing });
  }
  const [modelConfig, riskPolicy] = [path.join(folder, "model_config.yaml"), path.join(folder, "risk_policy.yaml")];
  await replaceFile(
    modelConfig,
    withHorizon(await readFile(path.join(repository, "config/model_config.yaml"), "utf8")),
  );
  await replaceFile(riskPolicy, POLICY);
  return {
    weeks,
    env: {
      ...{ WEEKLY_INPUT_FOLDER: folder, WEEKLY_INPUT: "{week}.csv", BELLWETHER_MODEL_CONFIG: modelConfig },
      BELLWETHER_RISK_POLICY: riskPolicy,
    },
  };
}

/** Returns the model configuration with the horizon of the demo. Scores do not depend on it. */
function withHorizon(yaml: string): string {
  const outcomes = /^(outcomes:\n(?: .*\n)*? {2}horizon_days: )\d+$/m;
  if (!outcomes.test(yaml)) throw new Error("config/model_config.yaml has no outcomes with a horizon");
  return yaml.replace(outcomes, (_, before: string) => `${before}${DEMO_HORIZON_DAYS}\n  complete_after_days: 0`);
}

/** Whether the outcomes of a week are known on a day: its horizon has ended. */
export const isKnown = (isoWeek: string, now: Date): boolean =>
  Date.parse(isoWeekEnd(isoWeek)) + (DEMO_HORIZON_DAYS + 1) * 86_400_000 <= now.getTime();
