import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { peerSettings, serverEnv } from "@bellwether/mesh/server/server-env";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { listModels, listVersions, readVersion, resolveVersion } from "@bellwether/registry/versions/read-version";
import { Command } from "commander";
import { type CliContext, defaultModel, registryFolder } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { type Champions, championsInFolder, championsOfServices } from "../models/champions.ts";
import { createReport } from "../output/report.ts";
import { defaultUrlText, ML_PEER, peerUrl } from "../remote/peer-url.ts";
import { askReplicas, replicaLines } from "../remote/replica-status.ts";

const JSON_FLAG = ["--json", "print the result as one line of JSON"] as const;
const MODEL_FLAG = ["--model <name>", "name of the model (default: BELLWETHER_MODEL, else supplier-risk)"] as const;
const SCHEDULER_FLAG = [
  "--scheduler <url>",
  "gRPC URL of scheduler-service, which makes the change (default: SCHEDULER_SERVICE_URL). If neither the option nor the variable is set, the command changes the registry folder directly",
] as const;
const ML_FLAG = [
  "--ml <url>",
  `with --scheduler: gRPC URL of ml-service, from which the command reads the versions and the champions (${defaultUrlText(ML_PEER)})`,
] as const;

/** Help text: what `promote` and `rollback` check before they change the champion. */
const CHECK_HELP =
  "\nThe version is loaded and checked first. If it cannot be served, the command fails (exit code 1) and the champion does not change." +
  "\nThe message says why: the files cannot be read, the outputs differ from the recorded outputs (both: gRPC reason MODEL_REJECTED)," +
  "\nor the files were changed after publishing (gRPC reason MODEL_CORRUPT).";

interface PeerOptions {
  readonly scheduler?: string;
  readonly ml?: string;
}

/**
 * Opens the champions through the services that the options or the environment name, otherwise those of the registry folder.
 * @throws EnvError
 */
function openChampions(context: CliContext, options: PeerOptions): Champions {
  const source = {
    ...context.env,
    ...(options.scheduler !== undefined && { SCHEDULER_SERVICE_URL: options.scheduler }),
  };
  const read = readEnv(source, {
    ...serverEnv("SCHEDULER_SERVICE", { grpc: 0, web: 0, admin: 0 }),
    scheduler: sharedEnv.schedulerUrl,
  });
  return read.scheduler === null
    ? championsInFolder(registryFolder(context), context.env.USER ?? "bellwether models")
    : championsOfServices(peerUrl(ML_PEER, options.ml, context), read.scheduler, peerSettings(read));
}

/**
 * Returns all models of a registry, or only the model `only`.
 * @throws ModelNotFoundError when it does not exist
 */
async function listAll(root: string, only: string | undefined) {
  const models = [];
  for (const name of only === undefined ? await listModels(root) : [only]) {
    const aliases = await readAliases(root, name);
    const versions = (await listVersions(root, name)).map(({ version, publishedAt, origin, evaluation }) => ({
      version,
      published_at: publishedAt,
      origin,
      auc: evaluation?.auc ?? null,
      baseline_auc: evaluation?.baselineAuc ?? null,
      aliases: aliases.aliases.filter((alias) => alias.version === version).map((alias) => alias.name),
    }));
    models.push({ name, versions });
  }
  return models;
}

/** `bellwether models` */
export function modelsCommand(context: CliContext): Command {
  const root = () => registryFolder(context);

  const list = new Command("list")
    .description("List models with their versions, the metrics of each version and its aliases.")
    .option("--model <name>", "list only this model")
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether models list --model supplier-risk")
    .action(async (options) => {
      const report = createReport(options);
      const models = await listAll(root(), options.model);
      if (models.length === 0) report.line(`no models in ${root()}; publish one with: bellwether train --publish`);
      for (const { name, versions } of models) {
        report.line(name);
        for (const v of versions) {
          const single = v.baseline_auc === null ? "" : ` (single feature ${v.baseline_auc.toFixed(4)})`;
          const auc = v.auc === null ? "not evaluated" : `AUC ${v.auc.toFixed(4)}${single}`;
          report.line(`  ${v.version.padEnd(5)} ${v.published_at}  ${auc}  ${v.aliases.join(", ")}`);
        }
      }
      report.json({ models });
    });

  const show = new Command("show")
    .description("Print the model card of a version.")
    .argument("[version]", "version or alias", "champion")
    .option(...MODEL_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether models show v2")
    .action(async (version, options) => {
      const report = createReport(options);
      const name = options.model ?? defaultModel(context);
      const { manifest, modelCard } = await readVersion(root(), name, await resolveVersion(root(), name, version));
      report.line(modelCard);
      report.json({ manifest, model_card: modelCard });
    });

  const promote = new Command("promote")
    .description("Make a version the champion: the version that the services score with.")
    .argument("<version>", "version or alias, for example challenger")
    .option(...MODEL_FLAG)
    .option("--reason <text>", "reason, recorded in the history of the registry", "promoted by hand")
    .option(...SCHEDULER_FLAG)
    .option(...ML_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", CHECK_HELP)
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether models promote challenger --reason 'better on the newest quarter'",
    )
    .action(async (version, options) => {
      const report = createReport(options);
      const name = options.model ?? defaultModel(context);
      using champions = openChampions(context, options);
      const found = await champions.versionOf(name, version);
      const alias = await champions.set({ model: name, version: found, reason: options.reason });
      report.line(`${name}: champion is ${alias.version}`);
      report.json({ model: name, champion: alias.version, set_at: alias.setAt });
    });

  const rollback = new Command("rollback")
    .description("Make the previous champion the champion again.")
    .option(...MODEL_FLAG)
    .option("--reason <text>", "reason, recorded in the history of the registry", "rolled back by hand")
    .option(...SCHEDULER_FLAG)
    .option(...ML_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", CHECK_HELP)
    .addHelpText("after", "\nExample:\n  npx bellwether models rollback --reason 'more false alarms than v3'")
    .action(async (options) => {
      const report = createReport(options);
      const name = options.model ?? defaultModel(context);
      using champions = openChampions(context, options);
      const { current, before } = await champions.latest(name);
      if (before === undefined)
        throw new UsageError(`${name} has no previous champion; choose a version with: bellwether models promote`);
      const move = { model: name, version: before, reason: options.reason, expected: current };
      const alias = await champions.set(move);
      report.line(`${name}: champion is ${alias.version} again, was ${current}`);
      report.json({ model: name, champion: alias.version, was: current });
    });

  const served = new Command("served")
    .description(
      "Show which version each replica of ml-service serves. If it is not the champion, show the reason. Exit code 1 if a replica does not serve the champion or does not answer.",
    )
    .option("--ml <url...>", `gRPC URLs of the replicas, separated by spaces (${defaultUrlText(ML_PEER)})`)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether models served --ml http://10.0.0.5:9081 http://10.0.0.6:9081")
    .action(async (options) => {
      const report = createReport(options);
      const replicas = await askReplicas(context, options.ml);
      for (const replica of replicas) for (const line of replicaLines(replica)) report.line(line);
      report.json({ replicas });
      if (replicas.some(({ error, rejection }) => error !== null || rejection !== null)) process.exitCode = 1;
    });

  const models = new Command("models").addHelpText(
    "after",
    "\nExamples:\n  npx bellwether models list --model supplier-risk\n  npx bellwether models promote challenger --reason 'better on the newest quarter'\n  npx bellwether models rollback\n  npx bellwether models served --ml http://10.0.0.5:9081 http://10.0.0.6:9081\n  npx bellwether models promote v3 --scheduler http://127.0.0.1:9082",
  );
  for (const command of [list, show, served, promote, rollback])
    models.addCommand(command.copyInheritedSettings(models).exitOverride());
  return models;
}
