import path from "node:path";
import { expandInput, hasWeekPlaceholder } from "@bellwether/contract/expand-input";
import { isStoreUrl } from "@bellwether/object-store/location/store-url";
import type { CliContext } from "../context/cli-context.ts";
import { type GivenOptions, weeklyCommandText } from "../output/given-options.ts";
import { ML_PEER, OPS_PEER, peerUrl } from "../remote/peer-url.ts";

/**
 * Returns where the scheduler looks for the file of a week, and what to do when it is not there.
 * @param peers URLs of the started services, by their variables
 */
export function noInputText({ env, cwd }: CliContext, peers: Readonly<Record<string, string>>, week: string): string {
  const input = env.WEEKLY_INPUT || "new_data_weekly.csv";
  // A URL can have a secret that it must not have.
  const isUrl = [input, env.WEEKLY_INPUT_FOLDER ?? ""].some(isStoreUrl);
  const place = isUrl
    ? "the object of WEEKLY_INPUT does not exist"
    : `${expandInput(input, week)} (WEEKLY_INPUT) does not exist in ${path.resolve(cwd, env.WEEKLY_INPUT_FOLDER || ".")} (WEEKLY_INPUT_FOLDER)`;
  const given = optionsElsewhere(env, peers);
  const command = weeklyCommandText("run", `--week ${week} --input FILE`, given);
  // With a placeholder, the next time of the schedule has another file.
  const then = hasWeekPlaceholder(input)
    ? `and run the week: ${weeklyCommandText("trigger", `--week ${week}`, given)} (the next time of the schedule is of the file of its own week)`
    : "and the scheduler runs it at its next time";
  const isDefault = !env.WEEKLY_INPUT && !env.WEEKLY_INPUT_FOLDER;
  const demo = isDefault ? "; or make a file of demo suppliers: npx bellwether demo (demo/new_data_weekly.csv)" : "";
  return `the weekly file is missing: ${place}. Put it there, ${then}; or set WEEKLY_INPUT_FOLDER or WEEKLY_INPUT and start again; or run a file while the services run: ${command}${demo}`;
}

/** Options that a command in another terminal needs, which does not have the variables of this process. */
function optionsElsewhere(env: CliContext["env"], peers: Readonly<Record<string, string>>): GivenOptions {
  const { BELLWETHER_MODEL_CONFIG: config, BELLWETHER_FEATURE_MAPPING: mapping } = env;
  const { ML_SERVICE_URL: ml, OPS_SERVICE_URL: ops } = peers;
  const defaults = { env: {}, cwd: "" };
  return {
    ...(config && { config }),
    ...(mapping && { mapping }),
    ...(ml && ml !== peerUrl(ML_PEER, undefined, defaults) && { ml }),
    ...(ops && ops !== peerUrl(OPS_PEER, undefined, defaults) && { ops }),
  };
}
