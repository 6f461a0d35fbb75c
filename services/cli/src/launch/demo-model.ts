import { stat } from "node:fs/promises";
import path from "node:path";
import { isoWeekNumber, isoWeekOfNumber, newestIsoWeek } from "@bellwether/contract/iso-week";
import { type CliContext, dataFolder } from "../context/cli-context.ts";
import { DEMO_DEFAULTS, writeDemo } from "../data/write-demo.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { StartModel } from "./start-model.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../../../..");

/**
 * Returns the ISO week of the first weekly run on demo data: the one before the present week, or BELLWETHER_DEMO_WEEK.
 * @throws UsageError when the variable is not an ISO week
 */
export function demoWeek({ env }: Pick<CliContext, "env">, now: Date): string {
  const newest = newestIsoWeek(now);
  const given = env.BELLWETHER_DEMO_WEEK;
  if (!given) return isoWeekOfNumber((isoWeekNumber(newest) ?? 0) - 1);
  if (isoWeekNumber(given) === undefined)
    throw new UsageError(`BELLWETHER_DEMO_WEEK: ${JSON.stringify(given)} is not an ISO week such as 2026-W47`);
  // A run of a week that has not begun would be rejected.
  return given < newest ? given : newest;
}

/**
 * Publishes a model of demo suppliers, unless the registry has the model of the start.
 * @returns the folder of the demo's tables; null when it does not exist, or the model is the user's own
 */
export async function ensureDemoModel(
  context: CliContext,
  { isDemo, isPublished }: StartModel,
  say: (text: string) => void,
): Promise<string | null> {
  const data = path.join(dataFolder(context), "demo");
  // The weekly file is written last: if it exists, all files exist.
  const hasDemo = () =>
    stat(path.join(data, "new_data_weekly.csv")).then(
      () => true,
      () => false,
    );
  if (!isDemo) return null;
  if (isPublished) return (await hasDemo()) ? data : null;
  say(`the registry has no model: training one on ${DEMO_DEFAULTS.suppliers} demo suppliers`);
  const { seed, week } = DEMO_DEFAULTS;
  // The values are always those of the same week, so that the figures in the documentation are those of every first run.
  if (!(await hasDemo())) await writeDemo(data, DEMO_DEFAULTS, seed, demoWeek(context, new Date()), week);
  // This module is imported only when needed, because the training code loads slowly and few starts need it.
  const { train } = await import("../models/train-model.ts");
  const { published, trained } = await train(
    {
      config: path.join(REPOSITORY, "config/model_config.yaml"),
      mapping: path.join(REPOSITORY, "config/feature_mapping.yaml"),
      data,
      publish: true,
    },
    context,
  );
  const { auc, baseline } = trained.evaluation;
  say(
    `published ${published?.version}: AUC ${auc.toFixed(4)} (${baseline?.feature} alone: ${baseline?.auc.toFixed(4)})`,
  );
  return data;
}
