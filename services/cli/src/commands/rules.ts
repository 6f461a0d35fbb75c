import path from "node:path";
import { nearestName } from "@bellwether/contract/nearest-name";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import {
  type RuleActivation,
  RuleService,
  type RuleSet,
  RuleSetSource,
} from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { ConnectError } from "@connectrpc/connect";
import { Command } from "commander";
import { BACKTEST_TIMEOUT_MS, backtestJson, backtestLines, readRulesFile } from "../alerts/backtest-text.ts";
import {
  activationJson,
  activationLine,
  retirementJson,
  retirementLines,
  ruleSetJson,
  ruleSetLine,
  ruleSetLines,
} from "../alerts/rule-set-text.ts";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { isoWeek, reason, wholeNumber } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { type OpsClient, openOps } from "../remote/ops-client.ts";
import { OPS_MODEL_FLAG, type OpsOptions, OWN_MODEL_FLAG, withOps } from "../remote/shared-options.ts";

interface RuleOptions extends OpsOptions {
  readonly model?: string;
}

type RuleClient = OpsClient<typeof RuleService>;

/** Id of the rule set that names none. */
const DEFAULT_SET = "default";
const PAGE_SIZE = 100;

/** `bellwether rules` */
export function rulesCommand(context: CliContext): Command {
  const rules = new Command("rules").addHelpText(
    "after",
    "\nThe commands call ops-service with the token or API key in BELLWETHER_TOKEN_FILE. The role viewer may list and show rule sets and" +
      "\ntheir history; the role analyst may also draft and test; the role admin may also activate and retire. An activated draft replaces the rule" +
      "\nset of config/alert_rules.yaml with the same id (docs/rules.md)." +
      "\n\nExamples:\n  npx bellwether rules show --yaml > draft.yaml\n  npx bellwether rules draft draft.yaml" +
      "\n  npx bellwether rules backtest default\n  npx bellwether rules activate default --reason 'fewer alerts about small suppliers'" +
      "\n  npx bellwether rules history",
  );
  const commands = [
    listCommand(context),
    showCommand(context),
    draftCommand(context),
    backtestCommand(context),
    activateCommand(context),
    retireCommand(context),
    historyCommand(context),
  ];
  for (const command of commands) rules.addCommand(command);
  return rules;
}

function listCommand(context: CliContext): Command {
  return withOps(new Command("list"))
    .description("List the active rule sets and the drafts.")
    .option("--model <name>", "only the rule sets of this model (default: all models)")
    .addHelpText("after", "\nExample:\n  npx bellwether rules list")
    .action(async (options: RuleOptions) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, RuleService);
      const { ruleSets } = await client.answer(client.client.listRuleSets({ modelName: options.model ?? "" }));
      const isOfMany = new Set(ruleSets.map(({ modelName }) => modelName)).size > 1;
      for (const set of ruleSets) report.line(`${isOfMany ? `${set.modelName} ` : ""}${ruleSetLine(set)}`);
      report.json({ rule_sets: ruleSets.map(ruleSetJson) });
    });
}

function showCommand(context: CliContext): Command {
  return withOps(new Command("show"))
    .description("Show a rule set: its rules in sentences, its weekly budget, and whether it has a draft.")
    .argument("[set]", "id of the rule set", DEFAULT_SET)
    .option("--yaml", "print only the rules, in the form of config/alert_rules.yaml")
    .option("--draft", "with --yaml: print the draft instead of the active rules")
    .option(...OWN_MODEL_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether rules show\n  npx bellwether rules show emea --yaml > draft.yaml\n  npx bellwether rules show emea --yaml --draft",
    )
    .action(async (setId: string, options: RuleOptions & { yaml?: boolean; draft?: boolean }) => {
      if (options.draft && !options.yaml) throw new UsageError("--draft needs --yaml");
      const report = createReport(options);
      using client = openOps(context, options.ops, RuleService);
      const set = await findRuleSet(client, options.model, setId);
      const yaml = options.draft ? (set.draft?.rulesYaml ?? "") : set.rulesYaml;
      if (options.yaml && yaml === "")
        throw new Error(`the rule set ${setId} ${options.draft ? "has no draft" : "is not active"}`);
      if (options.yaml) report.lines(yaml.trimEnd());
      else for (const line of ruleSetLines(set)) report.line(line);
      report.json(ruleSetJson(set));
    });
}

function draftCommand(context: CliContext): Command {
  return withOps(new Command("draft"))
    .description("Store a file as the draft of the rule set that it names (key id). A draft changes no alert.")
    .argument("<file>", "rules in the form of config/alert_rules.yaml, without the key sets")
    .option(
      "--version <number>",
      "version of the draft from which the file was made; required if the rule set has a draft. rules show prints the version",
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option(...OWN_MODEL_FLAG)
    .addHelpText(
      "after",
      "\nA draft is replaced only with --version, and not if somebody has changed it since that version." +
        "\n\nExamples:\n  npx bellwether rules draft draft.yaml\n  npx bellwether rules draft draft.yaml --version 3",
    )
    .action(async (file: string, options: RuleOptions & { version?: number }) => {
      const report = createReport(options);
      const rulesYaml = await readRulesFile("FILE", path.resolve(context.cwd, file));
      using client = openOps(context, options.ops, RuleService);
      const { version, conflict } =
        options.version === undefined
          ? await versionOfNewDraft(client, options.model, rulesYaml)
          : { version: options.version, conflict: undefined };
      const modelName = options.model ?? "";
      const request = { modelName, rulesYaml, version: BigInt(version) };
      const { ruleSet } = await client.answer(client.client.putRuleDraft(request)).catch((error: unknown) => {
        throw conflict !== undefined && isDraftChanged(error) ? conflict : error;
      });
      if (!ruleSet) throw new Error("ops-service did not return the rule set");
      for (const line of ruleSetLines(ruleSet)) report.line(line);
      report.line(`test it: npx bellwether rules backtest ${ruleSet.setId}${modelWords(options.model)}`);
      report.json(ruleSetJson(ruleSet));
    });
}

/** The version on which a new draft is based. */
interface NewDraftVersion {
  readonly version: number;
  /** Set when the rule set has a draft with other content, which may be somebody else's: `version` is not that of the draft. */
  readonly conflict?: Error;
}

/** The server rejects the file first if it is invalid, and the version only after that. */
const NO_DRAFT = 0;

/** Returns the version on which a new draft is based. */
async function versionOfNewDraft(
  client: RuleClient,
  model: string | undefined,
  rulesYaml: string,
): Promise<NewDraftVersion> {
  // Only the id is needed here; the server checks the file.
  const [, setId = DEFAULT_SET] = /^id: *["']?([a-z0-9][a-z0-9-]{0,39})["']? *(?:#.*)?$/m.exec(rulesYaml) ?? [];
  const draft = (await listRuleSets(client, model)).find((set) => set.setId === setId)?.draft;
  if (draft === undefined) return { version: NO_DRAFT };
  const version = Number(draft.version);
  if (draft.rulesYaml === "") return { version };
  // The same draft again: a request that is repeated.
  if (draft.rulesYaml === rulesYaml) return { version: version - 1 };
  const conflict = new Error(
    `the rule set ${setId} has a draft already, version ${version} by ${draft.changedBy}: read it with rules show ${setId} --yaml --draft${modelWords(model)}, ` +
      `then replace it with --version ${version}`,
  );
  return { version: NO_DRAFT, conflict };
}

/** Whether ops-service rejected a draft because it is based on another version. */
const isDraftChanged = (error: unknown): boolean =>
  error instanceof Error &&
  error.cause instanceof ConnectError &&
  error.cause.findDetails(ErrorInfoSchema).some(({ reason }) => reason === "RULE_DRAFT_CHANGED");

interface BacktestOptions extends RuleOptions {
  readonly from?: string;
  readonly to?: string;
  readonly budget?: number;
}

function backtestCommand(context: CliContext): Command {
  return withOps(new Command("backtest"))
    .description("Test the draft of a rule set on past weeks, as alerts backtest does. The command writes nothing.")
    .argument("[set]", "id of the rule set", DEFAULT_SET)
    .option("--from <week>", "first ISO week (default: 52 weeks before --to)", isoWeek)
    .option("--to <week>", "last ISO week (default: the latest complete week)", isoWeek)
    .option(
      "--budget <count>",
      "number of new alerts that people can examine in a week, 1 to 100000 (default: weekly_capacity.suppliers of the active set)",
      wholeNumber(1, 100_000),
    )
    .option(...OPS_MODEL_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether rules backtest emea --from 2026-W01")
    .action(async (setId: string, options: BacktestOptions) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, AlertService);
      const answer = await ops.answer(
        ops.client.backtestRules(
          {
            draftSetId: setId,
            ...{ modelName: options.model ?? "", fromWeek: options.from ?? "", toWeek: options.to ?? "" },
            weeklyBudget: options.budget ?? 0,
          },
          { timeoutMs: BACKTEST_TIMEOUT_MS },
        ),
      );
      for (const line of backtestLines(answer)) report.line(line);
      report.json(backtestJson(answer));
    });
}

function activateCommand(context: CliContext): Command {
  return withOps(new Command("activate"))
    .description(
      "Make the draft of a rule set active from the next run on. First, the draft is tested on the latest weeks.",
    )
    .argument("[set]", "id of the rule set", DEFAULT_SET)
    .requiredOption(
      "--reason <text>",
      "reason, 1 to 2,000 bytes in UTF-8; the history and the audit log record it (required)",
      reason,
    )
    .option(
      "--version <number>",
      "version of the draft that you have read; if the draft has another version, the command fails (default: the present version)",
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option(...OWN_MODEL_FLAG)
    .option("--force", "activate the draft even if it would raise more than five times the weekly budget of alerts")
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether rules activate default --reason 'fewer alerts about small suppliers'" +
        "\n  npx bellwether rules activate emea --version 4 --reason 'agreed with the team' --force",
    )
    .action(async (setId: string, options: RuleOptions & { reason: string; version?: number; force?: boolean }) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, RuleService);
      const set = await findRuleSet(client, options.model, setId);
      const version = BigInt(options.version ?? Number(set.draft?.version ?? 0));
      if (version === 0n)
        throw new Error(
          `the rule set ${setId} has no draft; make one: npx bellwether rules draft FILE${modelWords(options.model)}`,
        );
      const { activation } = await client.answer(
        client.client.activateRuleDraft(
          { modelName: options.model ?? "", setId, version, reason: options.reason, force: options.force ?? false },
          { timeoutMs: BACKTEST_TIMEOUT_MS },
        ),
      );
      if (!activation) throw new Error("ops-service did not return the activation");
      report.line(activationLine(activation));
      report.line("the next run uses these rules");
      report.json(activationJson(activation));
    });
}

function retireCommand(context: CliContext): Command {
  return withOps(new Command("retire"))
    .description("Retire a rule set that an activation has added: from the next run on, it is not active.")
    .argument("<set>", "id of the rule set")
    .requiredOption(
      "--reason <text>",
      "reason, 1 to 2,000 bytes in UTF-8; the history and the audit log record it (required)",
      reason,
    )
    .option(
      "--activation <number>",
      "number of the activation that you have read (default: the latest one)",
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option(...OWN_MODEL_FLAG)
    .addHelpText(
      "after",
      "\nThe next run resolves the open alerts of its rules; alerts that somebody is working on stay. A rule set of the file" +
        "\ncannot be retired. To use a retired set again, draft and activate it." +
        "\n\nExample:\n  npx bellwether rules retire emea --reason 'the region has the common rules again'",
    )
    .action(async (setId: string, options: RuleOptions & { reason: string; activation?: number }) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, RuleService);
      const set = await findRuleSet(client, options.model, setId);
      // The server says why a set that was never activated cannot be retired.
      const activationNumber = BigInt(options.activation ?? Number(set.activation?.number ?? 1));
      const answer = await client.answer(
        client.client.retireRuleSet({
          modelName: options.model ?? "",
          setId,
          activationNumber,
          reason: options.reason,
        }),
      );
      for (const line of retirementLines(answer)) report.line(line);
      report.json(retirementJson(answer));
    });
}

function historyCommand(context: CliContext): Command {
  return withOps(new Command("history"))
    .description("List activations and retirements, newest first: who, when, why, and the hashes before and after.")
    .argument("[set]", "only this rule set")
    .option("--model <name>", "only rule sets of this model (default: all models)")
    .option("--limit <count>", "maximum number of activations, 1 to 10000", wholeNumber(1, 10_000), 20)
    .addHelpText("after", "\nExamples:\n  npx bellwether rules history\n  npx bellwether rules history emea --json")
    .action(async (setId: string | undefined, options: RuleOptions & { limit: number }) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, RuleService);
      const activations: RuleActivation[] = [];
      let pageToken = "";
      do {
        const pageSize = Math.min(PAGE_SIZE, options.limit - activations.length);
        const page = await client.answer(
          client.client.listRuleActivations({
            modelName: options.model ?? "",
            setId: setId ?? "",
            pageSize,
            pageToken,
          }),
        );
        activations.push(...page.activations);
        pageToken = page.nextPageToken;
      } while (pageToken !== "" && activations.length < options.limit);
      const isOfMany = new Set(activations.map(({ modelName }) => modelName)).size > 1;
      for (const activation of activations) report.line(activationLine(activation, isOfMany));
      if (activations.length === 0) report.line(await neverActivated(client, options.model, setId));
      if (pageToken !== "") report.line(`the latest ${activations.length} activations; --limit shows more`);
      report.json({ activations: activations.map(activationJson), truncated: pageToken !== "" });
    });
}

/** Says why nothing was activated. @throws Error when no rule set has the id */
async function neverActivated(
  client: RuleClient,
  model: string | undefined,
  setId: string | undefined,
): Promise<string> {
  if (setId === undefined) return "no draft was activated: the rules are those of the file";
  const { ruleSets } = await client.answer(client.client.listRuleSets({ modelName: model ?? "" }));
  const found = ruleSets.filter((set) => set.setId === setId);
  if (found.length === 0) throw unknownRuleSet(setId, ruleSets);
  return found.some(({ source }) => source === RuleSetSource.FILE)
    ? `no draft of the rule set ${setId} was activated: its rules are those of the file`
    : `the rule set ${setId} was never active: it is only a draft`;
}

/** Lists the rule sets of a model. Undefined: of the default model, which the service lists first. */
async function listRuleSets(client: RuleClient, model: string | undefined): Promise<readonly RuleSet[]> {
  const { ruleSets } = await client.answer(client.client.listRuleSets({ modelName: model ?? "" }));
  return ruleSets.filter(({ modelName }) => modelName === ruleSets[0]?.modelName);
}

/** The option that names the model, for a command in a message. */
const modelWords = (model: string | undefined): string => (model === undefined ? "" : ` --model ${model}`);

async function findRuleSet(client: RuleClient, model: string | undefined, setId: string): Promise<RuleSet> {
  const ruleSets = await listRuleSets(client, model);
  const found = ruleSets.find((set) => set.setId === setId);
  if (found) return found;
  throw unknownRuleSet(setId, ruleSets);
}

function unknownRuleSet(setId: string, ruleSets: readonly RuleSet[]): Error {
  const names = [...new Set(ruleSets.map((set) => set.setId))];
  const nearest = nearestName(setId, names);
  return new Error(`no rule set ${setId}${nearest ? `; did you mean ${nearest}?` : `; there are ${names.join(", ")}`}`);
}
