import { flatText } from "@bellwether/contract/flat-json/flat-text";
import {
  ChangeDirection,
  CounterfactualRequestSchema,
  CounterfactualResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { ChangeLimit } from "@bellwether/risk-model/counterfactual/change-request";
import { DEFAULT_BUDGET } from "@bellwether/scoring/counterfactual/counterfactual-budget";
import { ChangeLimitError } from "@bellwether/scoring/counterfactual/counterfactual-error";
import { createCounterfactualFinder } from "@bellwether/scoring/counterfactual/find-counterfactuals";
import { InvalidSupplierError } from "@bellwether/scoring/score/score-supplier";
import { create, fromJsonString, toJson } from "@bufbuild/protobuf";
import { Command, Option } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { wholeNumber } from "../input/parse-option.ts";
import { readChangeLimits } from "../input/read-change-limits.ts";
import { readSupplier } from "../input/read-supplier.ts";
import { checkModelOptions, withModelOptions } from "../models/check-model-options.ts";
import { type CounterfactualJson, jsonFromAnswer, jsonFromResponse } from "../models/counterfactual-json.ts";
import { withLocalModel } from "../models/open-model.ts";
import { printable } from "../output/printable.ts";
import { createReport, type Report } from "../output/report.ts";
import { ML_EXAMPLE_URL } from "../remote/peer-url.ts";
import { postJson } from "../remote/post-json.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

const RPC_PATH = "/bellwether.inference.v1.InferenceService/Counterfactual";

/** What is asked, from the options. */
interface Asked {
  readonly maxChanges: 1 | 2 | 3;
  readonly maxAnswers: number;
  readonly targetBand: "low" | "medium" | null;
  readonly limits: readonly ChangeLimit[];
}

type Supplier = Awaited<ReturnType<typeof readSupplier>>["supplier"];

async function askService(url: string, supplier: Supplier, asked: Asked, env: CliContext["env"]): Promise<string> {
  const { maxChanges, maxAnswers, targetBand, limits } = asked;
  const request = create(CounterfactualRequestSchema, {
    ...{ supplier: { ...supplier }, maxChanges, maxCounterfactuals: maxAnswers },
    ...(targetBand !== null && { targetBand: targetBand === "low" ? Band.LOW : Band.MEDIUM }),
    limits: limits.map(({ direction, ...limit }) => ({
      ...limit,
      ...(direction !== undefined && {
        direction: direction === "increase" ? ChangeDirection.INCREASE : ChangeDirection.DECREASE,
      }),
    })),
  });
  return await postJson(url, RPC_PATH, toJson(CounterfactualRequestSchema, request), env);
}

function askLocalModel(
  context: CliContext,
  options: { readonly model?: string; readonly modelVersion?: string },
  supplier: Supplier,
  asked: Asked,
): Promise<CounterfactualJson> {
  return withLocalModel(context, options, async (model) => {
    const find = createCounterfactualFinder(model);
    const request = { ...asked, supplier: { ...supplier, text: supplier.contractText } };
    const budget = { ...DEFAULT_BUDGET, isStopped: () => false };
    const answer = await find(request, "supplier", budget).catch((error: unknown) => {
      if (error instanceof InvalidSupplierError) throw new Error(flatText(error.message), { cause: error });
      throw error instanceof ChangeLimitError ? new UsageError(error.message) : error;
    });
    return jsonFromAnswer(supplier.supplierId, answer, asked.maxChanges, model.bundle);
  });
}

const scoreText = ({ risk_score: score, band }: Pick<CounterfactualJson, "risk_score" | "band">): string =>
  `${score?.toFixed(4) ?? "no score"} (${band})`;

function show({ line }: Report, answer: CounterfactualJson): void {
  const print = (text: string): void => line(printable(text));
  print(`${answer.supplier_id}: ${scoreText(answer)}, model ${answer.model_version}`);
  print(answer.summary);
  for (const [i, counterfactual] of answer.counterfactuals.entries()) {
    print(`${i + 1}. ${scoreText(counterfactual)}, cost ${Number(counterfactual.cost.toPrecision(3))}`);
    for (const { text } of counterfactual.changes) print(`   ${text}`);
    for (const warning of counterfactual.warnings) print(`   warning: ${warning}`);
  }
  const reasons = [...new Set(answer.fixed_features.map(({ reason }) => reason))];
  for (const reason of reasons) {
    const names = answer.fixed_features.filter((fixed) => fixed.reason === reason).map(({ feature }) => feature);
    print(`not changed (${reason}): ${names.join(", ")}`);
  }
}

/** `bellwether counterfactual` */
export function counterfactualCommand(context: CliContext): Command {
  return withModelOptions(new Command("counterfactual"))
    .requiredOption(
      "--input <json>",
      "one supplier: a flat JSON object, a file that contains the object, or - for standard input (required)",
    )
    .option("--max-changes <count>", "maximum number of features that change, 1 to 3", wholeNumber(1, 3), 2)
    .option("--results <count>", "maximum number of counterfactuals, 1 to 5", wholeNumber(1, 5), 3)
    .addOption(
      new Option(
        "--target <band>",
        "highest band that the score may have after the changes (default: the band below the supplier's band)",
      ).choices(["low", "medium"]),
    )
    .option("--fix <features...>", "names of features that must not change")
    .option(
      "--limits <json>",
      "limits for single features: a JSON list of objects. Each object has feature, and one or more of min, max, direction (increase or decrease), step and cost",
    )
    .option(
      "--url <url>",
      `HTTP URL of a running ml-service, for example ${ML_EXAMPLE_URL}. The service finds the counterfactuals with its champion; the command does not read the model registry`,
    )
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      `\nExamples:\n  npx bellwether counterfactual --input supplier.json\n  npx bellwether counterfactual --input supplier.json --fix late_ratio --limits '[{"feature":"avg_delay","min":10}]'`,
    )
    .action(async (options) => {
      const report = createReport(options);
      checkModelOptions(options);
      const limits = readChangeLimits(options.fix ?? [], options.limits);
      const { supplier } = await readSupplier(options.input, context.cwd);
      const { maxChanges, results, target } = options;
      const asked: Asked = { maxChanges, maxAnswers: results, targetBand: target ?? null, limits };
      const answer = options.url
        ? jsonFromResponse(
            supplier.supplierId,
            fromJsonString(CounterfactualResponseSchema, await askService(options.url, supplier, asked, context.env), {
              ignoreUnknownFields: true,
            }),
          )
        : await askLocalModel(context, options, supplier, asked);
      show(report, answer);
      report.json(answer);
    });
}
