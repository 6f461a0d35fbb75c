import { type AliasName, aliasVersion, readAliases, setAlias } from "@bellwether/registry/aliases";
import { listModels, listVersions, readVersion, resolveVersion } from "@bellwether/registry/read-version";
import { Command } from "commander";
import { type CliContext, defaultModel, registryFolder } from "../cli-context.ts";
import { createReport } from "../report.ts";
import { UsageError } from "../usage-error.ts";

const JSON_FLAG = ["--json", "print the result as one line of JSON"] as const;
const MODEL_FLAG = ["--model <name>", "model, default the service's"] as const;

async function listAll(root: string) {
  const models = [];
  for (const name of await listModels(root)) {
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
  const move = async (modelName: string, alias: AliasName, version: string, reason: string) =>
    setAlias(root(), {
      modelName,
      alias,
      version,
      setBy: context.env.USER ?? "bellwether models",
      reason,
      now: new Date(),
    });

  const list = new Command("list")
    .description("List models, versions and aliases.")
    .option(...JSON_FLAG)
    .action(async (options) => {
      const report = createReport(options);
      const models = await listAll(root());
      if (models.length === 0) report.line(`no models in ${root()}; publish one with: bellwether train --publish`);
      for (const { name, versions } of models) {
        report.line(name);
        for (const v of versions) {
          const auc =
            v.auc === null ? "not evaluated" : `AUC ${v.auc.toFixed(4)} (single feature ${v.baseline_auc?.toFixed(4)})`;
          report.line(`  ${v.version.padEnd(5)} ${v.published_at}  ${auc}  ${v.aliases.join(", ")}`);
        }
      }
      report.json({ models });
    });

  const show = new Command("show")
    .description("Print a version's model card.")
    .argument("[version]", "version or alias", "champion")
    .option(...MODEL_FLAG)
    .option(...JSON_FLAG)
    .action(async (version, options) => {
      const report = createReport(options);
      const name = options.model ?? defaultModel(context);
      const { manifest, modelCard } = await readVersion(root(), name, await resolveVersion(root(), name, version));
      report.line(modelCard);
      report.json({ manifest, model_card: modelCard });
    });

  const promote = new Command("promote")
    .description("Make a version the champion.")
    .argument("<version>", "version or alias, for example challenger")
    .option(...MODEL_FLAG)
    .option("--reason <text>", "why, for the history", "promoted by hand")
    .option(...JSON_FLAG)
    .action(async (version, options) => {
      const report = createReport(options);
      const name = options.model ?? defaultModel(context);
      const alias = await move(name, "champion", await resolveVersion(root(), name, version), options.reason);
      report.line(`${name}: champion is ${alias.version}`);
      report.json({ model: name, champion: alias.version, set_at: alias.setAt });
    });

  const rollback = new Command("rollback")
    .description("Make the champion before the present one the champion again.")
    .option(...MODEL_FLAG)
    .option("--reason <text>", "why, for the history", "rolled back by hand")
    .option(...JSON_FLAG)
    .action(async (options) => {
      const report = createReport(options);
      const name = options.model ?? defaultModel(context);
      const file = await readAliases(root(), name);
      const current = aliasVersion(file, "champion");
      const before = file.champions.findLast((entry) => entry.version !== current);
      if (before === undefined) throw new UsageError(`${name} has had no other champion; promote a version instead`);
      const alias = await move(name, "champion", before.version, options.reason);
      report.line(`${name}: champion is ${alias.version} again, was ${current}`);
      report.json({ model: name, champion: alias.version, was: current });
    });

  const models = new Command("models").addHelpText(
    "after",
    "\nExamples:\n  npx bellwether models list\n  npx bellwether models promote challenger --reason 'better on the newest quarter'\n  npx bellwether models rollback",
  );
  for (const command of [list, show, promote, rollback])
    models.addCommand(command.copyInheritedSettings(models).exitOverride());
  return models;
}
