import path from "node:path";
import type { CliContext } from "../context/cli-context.ts";
import { openScorecard, publishScorecard } from "../models/scorecard-model.ts";

/**
 * Publishes the scorecard of the repository as a version of the demo model, so that performance is compared with it. Returns the version.
 * @param context of `demoLoopContext`
 */
export async function publishDemoScorecard(context: CliContext, repository: string): Promise<string> {
  const at = (file: string): string => path.join(repository, "config", file);
  const opened = await openScorecard({ config: at("model_config.yaml"), mapping: at("feature_mapping.yaml") }, context);
  return (await publishScorecard(opened, context, new Date())).version;
}
