import { readFile } from "node:fs/promises";
import path from "node:path";
import { previousChampion } from "@bellwether/contract/previous-champion";
import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { signingKey } from "@bellwether/registry/keys/registry-keys";
import { addressOf } from "@bellwether/registry/open-registry";
import { signVersion } from "@bellwether/registry/publish/sign-version";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { readGate } from "@bellwether/registry/versions/read-gate";
import {
  findRejection,
  listModels,
  listVersions,
  readVersion,
  resolveVersion,
} from "@bellwether/registry/versions/read-version";
import { gateSection } from "@bellwether/risk-model/promotion/gate-section";
import { bandChange, bandChangeLine } from "@bellwether/scoring/publish/band-change";
import { Command } from "commander";
import { type CliContext, defaultModel, registryOf } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { MAX_MODEL_REASON_BYTES, reasonUpTo } from "../input/parse-option.ts";
import { type Champions, championsInFolder, championsOfServices } from "../models/champions.ts";
import { printableStart, TABLE_REASON } from "../output/printable.ts";
import { createReport } from "../output/report.ts";
import { callerSettings } from "../remote/caller-token.ts";
import { defaultUrlText, ML_PEER, peerUrl } from "../remote/peer-url.ts";
import {
  askNamedReplicas,
  askReplicas,
  type ReplicaStatus,
  rejectionsOf,
  replicaLines,
} from "../remote/replica-status.ts";
import { JSON_FLAG, MODEL_FLAG, OWN_MODEL_FLAG, REPLICAS_FLAG } from "../remote/shared-options.ts";
import { compareModelsCommand } from "./compare-models.ts";
import { gateCommand, promotionCommands } from "./models-gate.ts";
import { pruneCommand } from "./models-prune.ts";

const SCHEDULER_FLAG = [
  "--scheduler <url>",
  "gRPC URL of scheduler-service, which makes the change (default: SCHEDULER_SERVICE_URL). If neither the option nor the variable is set, the command changes the model registry directly",
] as const;
const ML_FLAG = [
  "--ml <url>",
  `gRPC URL of ml-service, from which the command reads the versions and the champions. Used only if --scheduler or SCHEDULER_SERVICE_URL is set (${defaultUrlText(ML_PEER)})`,
] as const;

/** Help text of `list`. */
const LIST_HELP =
  "\nThe command reads only the manifests and signatures of the registry. A version without the signature of a trusted key is marked as not" +
  "\naccepted. Only a replica that has tried to load a version knows that files were changed or that a check failed: with --ml or" +
  "\nML_SERVICE_URL, the command also marks the versions that the replicas have rejected, with the reason." +
  "\n\nExamples:\n  npx bellwether models list --model supplier-risk\n  npx bellwether models list --ml http://10.0.0.5:9081 http://10.0.0.6:9081";

/** Help text: what `promote` and `rollback` check before they change the champion. */
const CHECK_HELP =
  "\nThe version is loaded and checked first. If it cannot be served, the command fails (exit code 1) and the champion does not change." +
  "\nThe message has the reason. If scheduler-service makes the change, the error has one of these gRPC reasons:" +
  "\n  MODEL_REJECTED  the files cannot be read, or the model's outputs differ from those recorded when it was published" +
  "\n  MODEL_CORRUPT   the files were changed after publishing";

/** Help text: which version `rollback` chooses. */
const ROLLBACK_HELP =
  "\nA rollback never returns to a version that an earlier rollback has left. models promote with a version that was the champion before" +
  "\ncounts as a rollback to that version. If no earlier champion is left, the command fails (exit code 2): choose a version with" +
  "\nmodels promote. To see all changes, use models history.";

/** Help text of `sign`. */
const SIGN_HELP =
  "\nCreate a key pair with openssl. Keep the private key secret; only people who sign versions need it:" +
  "\n  openssl genpkey -algorithm ed25519 -out registry-signing-key.pem" +
  "\n  openssl pkey -in registry-signing-key.pem -pubout -out registry-keys.pem" +
  "\n\nExamples:\n  npx bellwether models sign champion --key registry-signing-key.pem\n  npx bellwether models sign v3 --model supplier-risk --key registry-signing-key.pem";

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
  const read = readEnv(source, { scheduler: sharedEnv.schedulerUrl });
  return read.scheduler === null
    ? championsInFolder(registryOf(context), context.env.USER ?? "bellwether models")
    : championsOfServices(peerUrl(ML_PEER, options.ml, context), read.scheduler, callerSettings(context));
}

/** Returns the champion; null when there is none. */
async function championOf(champions: Champions, model: string): Promise<string | null> {
  return (await champions.history(model)).find(({ alias }) => alias === "champion")?.version ?? null;
}

/** Compares the band limits of the previous champion with the band limits of the present one. Null: they are equal. */
async function compareBands(champions: Champions, model: string, before: string | undefined, now: string) {
  if (before === undefined || before === now) return null;
  // A version that cannot be read any more has no limits to compare.
  const known = await champions.bandsOf(model, before).catch(() => null);
  return bandChange(known, await champions.bandsOf(model, now));
}

/**
 * Returns all models of a registry, or only the model `only`.
 * @param replicas whose rejections are shown
 * @throws ModelNotFoundError when it does not exist
 */
async function listAll(root: Registry, only: string | undefined, replicas: readonly ReplicaStatus[]) {
  const models = [];
  for (const name of only === undefined ? await listModels(root) : [only]) {
    const aliases = await readAliases(root, name);
    const versions = [];
    for (const { version, publishedAt, origin, evaluation, parent, builder } of await listVersions(root, name))
      versions.push({
        version,
        published_at: publishedAt,
        origin,
        auc: evaluation?.auc ?? null,
        baseline_auc: evaluation?.baselineAuc ?? null,
        aliases: aliases.aliases.filter((alias) => alias.version === version).map((alias) => alias.name),
        ...{ parent: parent ?? null, builder: builder ?? null, rejection: await findRejection(root, name, version) },
        rejected_by: rejectionsOf(replicas, name, version),
      });
    models.push({ name, versions });
  }
  return models;
}

/** `bellwether models` */
export function modelsCommand(context: CliContext): Command {
  const root = () => registryOf(context);

  const list = new Command("list")
    .description("List the models with their versions, and for each version its metrics and its aliases.")
    .option("--model <name>", "list only this model")
    .option(
      "--ml <url...>",
      "gRPC URLs of replicas of ml-service, separated by spaces, whose rejections are shown (default: ML_SERVICE_URL; if not set, no replica is asked)",
    )
    .option(...JSON_FLAG)
    .addHelpText("after", LIST_HELP)
    .action(async (options) => {
      const report = createReport(options);
      const replicas = await askNamedReplicas(context, options.ml);
      const models = await listAll(root(), options.model, replicas);
      if (models.length === 0)
        report.line(`no models in ${addressOf(root())}; publish one with: bellwether train --publish`);
      for (const { name, versions } of models) {
        report.line(name);
        for (const v of versions) {
          const single = v.baseline_auc === null ? "" : ` (single feature ${v.baseline_auc.toFixed(4)})`;
          const auc = v.auc === null ? "no figures in the manifest" : `AUC ${v.auc.toFixed(4)}${single}`;
          report.line(`  ${v.version.padEnd(5)} ${v.published_at}  ${auc}  ${v.aliases.join(", ")}`);
          if (v.rejection !== null)
            report.line(`        not accepted: ${printableStart(v.rejection, 2 * TABLE_REASON)}`);
          for (const { replica, check, reason: why } of v.rejected_by)
            report.line(`        rejected by ${replica} (check ${check}): ${printableStart(why, 2 * TABLE_REASON)}`);
        }
      }
      const silent = replicas.flatMap(({ url, error }) => (error === null ? [] : [{ url, error }]));
      for (const { url, error } of silent) report.line(`rejections of ${url} are not shown: ${error}`);
      report.json({ models, silent_replicas: silent });
    });

  const show = new Command("show")
    .description("Print the model card of a version, and the newest result of models gate about it.")
    .argument("[version]", "version or alias", "champion")
    .option(...MODEL_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether models show v2")
    .action(async (version, options) => {
      const report = createReport(options);
      const name = options.model ?? defaultModel(context);
      const found = await resolveVersion(root(), name, version);
      const { manifest, modelCard } = await readVersion(root(), name, found);
      const gate = await readGate(root(), name, found);
      report.lines(modelCard);
      if (gate !== null) report.lines(gateSection(gate.record, gate.decision, false));
      report.json({
        ...{ manifest, model_card: modelCard },
        gate: gate && { gate_id: gate.id, ...gate.record, decision: gate.decision },
      });
    });

  const promote = new Command("promote")
    .description("Make a version the champion: the version that the services score with.")
    .argument("<version>", "version or alias, for example challenger")
    .option(...MODEL_FLAG)
    .option(
      "--reason <text>",
      "reason, 1 to 500 bytes in UTF-8; the history of the registry records it",
      reasonUpTo(MAX_MODEL_REASON_BYTES),
      "promoted by hand",
    )
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
      // A version number needs no answer of ml-service, so its failure does not prevent the change.
      let notCompared: string | null = null;
      const orNull = (error: Error): null => {
        notCompared = error.message;
        return null;
      };
      const was = await championOf(champions, name).catch(orNull);
      // The call fails when another person has promoted a version since championOf, so that this promotion is not lost.
      const expected = was ?? undefined;
      const alias = await champions.set({ model: name, version: found, reason: options.reason, expected });
      report.line(`${name}: champion is ${alias.version}`);
      const bands = was === null ? null : await compareBands(champions, name, was, alias.version).catch(orNull);
      if (was !== null && bands !== null) report.line(bandChangeLine(alias.version, was, bands));
      if (notCompared !== null) report.line(`warning: the band limits were not compared: ${notCompared}`);
      report.json({
        ...{ model: name, champion: alias.version, set_at: alias.setAt },
        ...{ band_change: bands, bands_not_compared: notCompared },
      });
    });

  const rollback = new Command("rollback")
    .description(
      "Make the version that was the champion before the last promotion the champion again. A second rollback goes back one more promotion.",
    )
    .option(...MODEL_FLAG)
    .option(
      "--reason <text>",
      "reason, 1 to 500 bytes in UTF-8; the history of the registry records it",
      reasonUpTo(MAX_MODEL_REASON_BYTES),
      "rolled back by hand",
    )
    .option(...SCHEDULER_FLAG)
    .option(...ML_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", ROLLBACK_HELP)
    .addHelpText("after", CHECK_HELP)
    .addHelpText("after", "\nExample:\n  npx bellwether models rollback --reason 'more false alarms than v3'")
    .action(async (options) => {
      const report = createReport(options);
      const name = options.model ?? defaultModel(context);
      using champions = openChampions(context, options);
      const changes = (await champions.history(name)).filter(({ alias }) => alias === "champion");
      const current = changes[0]?.version;
      const before = previousChampion(changes.map(({ version }) => version).reverse());
      if (before === undefined)
        throw new UsageError(
          `${name}: there is no champion before ${current ?? "the first"} to go back to; see bellwether models history, and choose a version with: bellwether models promote`,
        );
      const move = { model: name, version: before, reason: options.reason, expected: current };
      const alias = await champions.set(move);
      report.line(`${name}: champion is ${alias.version} again, was ${current}`);
      let notCompared: string | null = null;
      const bands = await compareBands(champions, name, current, alias.version).catch((error: Error) => {
        notCompared = error.message;
        return null;
      });
      if (bands !== null) report.line(bandChangeLine(alias.version, current ?? "", bands));
      if (notCompared !== null) report.line(`warning: the band limits were not compared: ${notCompared}`);
      report.json({
        ...{ model: name, champion: alias.version, was: current },
        ...{ band_change: bands, bands_not_compared: notCompared },
      });
    });

  const history = new Command("history")
    .description("List the changes of the aliases, newest first: time, versions before and after, person and reason.")
    .option(...MODEL_FLAG)
    .option(
      "--scheduler <url>",
      "gRPC URL of scheduler-service (default: SCHEDULER_SERVICE_URL). If the option or the variable is set, the command reads the history from ml-service, otherwise from the model registry directly",
    )
    .option(...ML_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether models history --model supplier-risk")
    .action(async (options) => {
      const report = createReport(options);
      const name = options.model ?? defaultModel(context);
      using champions = openChampions(context, options);
      const changes = await champions.history(name);
      if (changes.length === 0) report.line(`${name}: no alias was set`);
      for (const { alias, from, version, setAt, setBy, reason } of changes)
        report.line(
          `${setAt}  ${alias.padEnd(10)}  ${`${from ?? "–"} → ${version}`.padEnd(11)}  ${printableStart(`${setBy}: ${reason}`, TABLE_REASON)}`,
        );
      report.json({
        model: name,
        changes: changes.map(({ setAt, setBy, ...change }) => ({ ...change, set_at: setAt, set_by: setBy })),
      });
    });

  const served = new Command("served")
    .description(
      "Show which version of a model each replica of ml-service serves. If a replica does not serve the champion, show the reason. Also show the other models and versions that a replica has loaded because requests named them. Exit code 1 if a replica does not serve the champion or does not answer.",
    )
    .option(...OWN_MODEL_FLAG)
    .option(...REPLICAS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether models served --ml http://10.0.0.5:9081 http://10.0.0.6:9081")
    .action(async (options) => {
      const report = createReport(options);
      const replicas = await askReplicas(context, options.ml, options.model);
      for (const replica of replicas) for (const line of replicaLines(replica)) report.line(line);
      report.json({ replicas });
      if (replicas.some(({ error, rejection }) => error !== null || rejection !== null)) process.exitCode = 1;
    });

  const sign = new Command("sign")
    .description(
      "Sign the manifest of a version. The manifest has the digests of all files of the version. Services with MODEL_REGISTRY_PUBLIC_KEYS load only versions with a signature that one of these keys verifies.",
    )
    .argument("<version>", "version or alias, for example v3")
    .option(...MODEL_FLAG)
    .requiredOption("--key <file>", "file with the Ed25519 private key in PEM (required)")
    .option(...JSON_FLAG)
    .addHelpText("after", SIGN_HELP)
    .action(async (version, options) => {
      const report = createReport(options);
      const modelName = options.model ?? defaultModel(context);
      const file = path.resolve(context.cwd, options.key);
      const pem = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`--key: ${options.key} cannot be read (${error.code})`);
      });
      const resolved = await resolveVersion(root(), modelName, version);
      const signed = await signVersion(root(), {
        ...{ modelName, version: resolved, key: signingKey(pem, "--key") },
        ...{ signedBy: context.env.USER ?? "bellwether models", now: new Date() },
      });
      report.line(`${modelName} ${resolved} is signed with the key ${signed.keyId}`);
      report.json({ model: modelName, version: resolved, key_id: signed.keyId, signed_at: signed.signedAt });
    });

  const models = new Command("models").addHelpText(
    "after",
    "\nExamples:\n  npx bellwether models list --model supplier-risk\n  npx bellwether models promote challenger --reason 'better on the newest quarter'\n  npx bellwether models rollback\n  npx bellwether models served --ml http://10.0.0.5:9081 http://10.0.0.6:9081\n  npx bellwether models promote v3 --scheduler http://localhost:9082",
  );
  const gated = [gateCommand(context), ...promotionCommands(context, SCHEDULER_FLAG)];
  const others = [compareModelsCommand(context), ...gated, promote, rollback, sign, pruneCommand(context)];
  for (const command of [list, show, history, served, ...others]) models.addCommand(command);
  return models;
}
