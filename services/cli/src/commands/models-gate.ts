import path from "node:path";
import { loadRiskPolicy } from "@bellwether/config/risk-policy";
import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { resolveVersion } from "@bellwether/registry/versions/read-version";
import { aliasCheck } from "@bellwether/scoring/model/alias-check";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import type { OpenAlerts } from "@bellwether/scoring/promotion/alert-changes";
import { alertLimitsOf } from "@bellwether/scoring/promotion/alert-limits";
import { gateVersions } from "@bellwether/scoring/promotion/gate-versions";
import { recordAndPromote } from "@bellwether/scoring/promotion/promote-passed";
import { Command, InvalidArgumentError, Option } from "commander";
import { openAlerts, readAlerts } from "../alerts/alert-pages.ts";
import { type CliContext, defaultModel, registryOf } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { withConfigOptions } from "../input/config-options.ts";
import { isoDate, MAX_MODEL_REASON_BYTES, reasonUpTo, weekRange, wholeNumber } from "../input/parse-option.ts";
import { gateJson, gateLines } from "../models/gate-text.ts";
import { readWindow, type WindowOptions } from "../models/gate-window.ts";
import { type Promotions, promotionsInRegistry, promotionsOfScheduler } from "../models/promotions.ts";
import { createReport } from "../output/report.ts";
import { openOps } from "../remote/ops-client.ts";
import { openPeer } from "../remote/peer-client.ts";
import { SCHEDULER_PEER } from "../remote/peer-url.ts";
import { JSON_FLAG, MODEL_FLAG } from "../remote/shared-options.ts";

/** Options of `models gate`. */
interface GateOptions extends WindowOptions {
  readonly model?: string;
  readonly policy: string;
  /** In MiB. */
  readonly maxMemory: number;
  /** In minutes. */
  readonly timeout: number;
  readonly ops?: string;
  readonly json?: boolean;
}

interface DecisionOptions {
  readonly model?: string;
  readonly gate: string;
  readonly reason: string;
  readonly scheduler?: string;
  readonly json?: boolean;
}

const GATE_HELP =
  "\nThe key `promotion` of config/risk_policy.yaml has the limits; docs/promotion.md explains each check and shows an example. The result is" +
  "\nstored with the challenger in the model registry and in the audit log (kind model.gated); models show prints the result." +
  "\nExit code 0: PASS. Exit code 1: HELD or FAIL. A challenger that cannot be loaded, crashes, hangs or takes too much memory fails. The" +
  "\nchampion does not change, unless the risk policy has promotion.automatic: true and the verdict is PASS." +
  "\n\nExamples:\n  npx bellwether models gate --data demo" +
  "\n  npx bellwether models gate v4 --from-weeks 2026-W27..2026-W36 --outcomes outcomes.csv --ops http://localhost:9080";

const DECISION_HELP =
  "\nThe result must be the newest one about the version, and its champion must still be the champion. Otherwise the command fails (exit" +
  "\ncode 1) and changes nothing. Repeating the command changes nothing. The audit log records each decision with its reason.";

/** Maximum number of open alerts that are compared. */
const MAX_ALERTS = 100_000;
const GATE_ID = /^[0-9a-f]{64}$/;

function gateId(text: string): string {
  const id = text.trim();
  if (!GATE_ID.test(id)) throw new InvalidArgumentError("expected the 64 hex digits that models gate has printed");
  return id;
}

/** Returns the suppliers with an open alert and the limits of the alert rules; null when no ops-service is named. */
async function readOpenAlerts(context: CliContext, url: string | undefined, modelName: string) {
  if (url === undefined && !context.env.OPS_SERVICE_URL) return null;
  using client = openAlerts(context, url);
  const suppliers = new Set<string>();
  for await (const { alerts } of readAlerts(client, { modelName }, MAX_ALERTS))
    for (const { supplierId } of alerts) suppliers.add(supplierId);
  using rules = openOps(context, url, RuleService);
  const { ruleSets } = await rules.answer(rules.client.listRuleSets({}));
  const limits = alertLimitsOf(ruleSets, modelName);
  return { suppliers, text: "open alerts of ops-service", limits } satisfies OpenAlerts;
}

/** `bellwether models gate` */
export function gateCommand(context: CliContext): Command {
  const { riskPolicy } = sharedEnv;
  const policyOption = new Option("--policy <file>", "risk policy, YAML: the limits of the checks").default(
    readEnv(context.env, { riskPolicy }).riskPolicy,
    `${riskPolicy.name}; if not set, ${riskPolicy.fallback?.value}`,
  );
  return withConfigOptions(new Command("gate"), context)
    .description(
      "Compare a challenger with the champion on labelled rows: quality, calibration, segments, explanations, contract, CPU time and open alerts. The limits of the risk policy determine the verdict.",
    )
    .argument("[version]", "version or alias of the challenger", "challenger")
    .option("--data <dir>", "folder with the raw tables that the feature mapping names; their test rows are compared")
    .option(
      "--from-weeks <weeks>",
      "compare on the labelled rows of the complete weekly runs of these ISO weeks, for example 2026-W27..2026-W36, instead of --data",
      weekRange,
    )
    .option(
      "--outcomes <file>",
      "with --from-weeks: file with what happened to suppliers, in the form that train reads",
    )
    .option(
      "--complete-until <day>",
      "with --from-weeks: day up to which the file has every event, as in train",
      isoDate,
    )
    .option(
      "--horizon <days>",
      "with --from-weeks: number of days that a label covers, as in train",
      wholeNumber(1, 3650),
    )
    .addOption(policyOption)
    .option(
      "--max-memory <MiB>",
      "largest memory of the process that measures a version, in MiB",
      wholeNumber(64, 1_048_576),
      2048,
    )
    .option("--timeout <minutes>", "longest time to measure a version, in minutes", wholeNumber(1, 1440), 10)
    .option(
      "--model <name>",
      "name of the model. The configuration must declare its features (default: the name in the configuration)",
    )
    .option(
      "--ops <url>",
      "gRPC URL of ops-service, whose open alerts are compared (default: OPS_SERVICE_URL; if not set, the suppliers in the champion's band high are compared instead)",
    )
    .option(...JSON_FLAG)
    .addHelpText("after", GATE_HELP)
    .action(async (wanted: string, options: GateOptions) => {
      const report = createReport(options);
      const root = registryOf(context);
      const { promotion: policy } = await loadRiskPolicy(path.resolve(context.cwd, options.policy));
      const { table, rows, divisions, text, lines, ...window } = await readWindow(options, context);
      const modelName = options.model ?? window.modelName;
      const [champion, challenger] = [
        await resolveVersion(root, modelName, "champion"),
        await resolveVersion(root, modelName, wanted),
      ];
      if (champion === challenger)
        throw new UsageError(`${modelName} ${challenger} is the champion; name a challenger`);
      for (const line of lines) report.line(line);
      const record = await gateVersions(root, {
        ...{ modelName, champion, challenger, table, rows, divisions, window: text, policy },
        openAlerts: await readOpenAlerts(context, options.ops, modelName),
        limits: { maxMemoryBytes: options.maxMemory * 2 ** 20, timeoutMs: options.timeout * 60_000 },
        ...{ gatedBy: context.env.USER ?? "bellwether models gate", now: new Date() },
      });
      const recorded = await recordAndPromote(root, record, policy, aliasCheck(checkScoringModel), new Date());
      for (const line of gateLines(record, recorded)) report.line(line);
      report.json(gateJson(record, recorded));
      if (record.verdict !== "PASS") process.exitCode = 1;
    });
}

/** Opens the decisions of scheduler-service if its URL is set, otherwise the decisions of the registry. */
function openPromotions(context: CliContext, url: string | undefined): Promotions & Disposable {
  const { scheduler } = readEnv(
    { ...context.env, ...(url !== undefined && { SCHEDULER_SERVICE_URL: url }) },
    { scheduler: sharedEnv.schedulerUrl },
  );
  if (scheduler === null) {
    const own = promotionsInRegistry(registryOf(context), context.env.USER ?? "bellwether models");
    return { ...own, [Symbol.dispose]: () => {} };
  }
  const peer = openPeer(context, SCHEDULER_PEER, scheduler, ModelPublishingService);
  return { ...promotionsOfScheduler(peer), [Symbol.dispose]: () => peer[Symbol.dispose]() };
}

/** `bellwether models approve` and `bellwether models reject` */
export function promotionCommands(
  context: CliContext,
  schedulerFlag: readonly [flags: string, text: string],
): Command[] {
  const decision = (name: "approve" | "reject", description: string, example: string): Command =>
    new Command(name)
      .description(description)
      .argument("<version>", "version of the challenger, for example v4")
      .requiredOption("--gate <id>", "id of the result that you have read; models gate prints it (required)", gateId)
      .requiredOption(
        "--reason <text>",
        "reason, 1 to 500 bytes in UTF-8; recorded with the result (required)",
        reasonUpTo(MAX_MODEL_REASON_BYTES),
      )
      .option(...MODEL_FLAG)
      .option(...schedulerFlag)
      .option(...JSON_FLAG)
      .addHelpText(
        "after",
        `${DECISION_HELP}\n\nExample:\n  npx bellwether models ${name} v4 --gate 1f0c… --reason '${example}'`,
      )
      .action(async (version: string, options: DecisionOptions) => {
        const report = createReport(options);
        const model = options.model ?? defaultModel(context);
        using promotions = openPromotions(context, options.scheduler);
        const choice = { model, version, gate: options.gate, reason: options.reason };
        const { by, at } = await promotions[name](choice);
        report.line(
          name === "approve"
            ? `${model}: champion is ${version}, approved by ${by} at ${at}`
            : `${model}: ${version} is rejected by ${by} at ${at}; the champion does not change`,
        );
        report.json({ model, version, gate_id: options.gate, is_approved: name === "approve", by, at });
      });
  return [
    decision(
      "approve",
      "Make the challenger of a result of models gate the champion.",
      "better on the newest quarter; the new alerts were looked at",
    ),
    decision(
      "reject",
      "Record that the challenger of a result of models gate does not become the champion.",
      "loses the small suppliers",
    ),
  ];
}
