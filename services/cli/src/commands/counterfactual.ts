import { flatText } from "@bellwether/contract/flat-json/flat-text";
import {
  CounterfactualRequestSchema,
  type CounterfactualResponse,
  CounterfactualResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { DEFAULT_BUDGET } from "@bellwether/scoring/counterfactual/counterfactual-budget";
import { ChangeLimitError } from "@bellwether/scoring/counterfactual/counterfactual-error";
import { createCounterfactualFinder } from "@bellwether/scoring/counterfactual/find-counterfactuals";
import { InvalidSupplierError } from "@bellwether/scoring/score/score-supplier";
import { create, fromJson, type JsonObject, toJson } from "@bufbuild/protobuf";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { readSupplier } from "../input/read-supplier.ts";
import { checkModelOptions, withModelOptions } from "../models/check-model-options.ts";
import { type CounterfactualJson, jsonFromAnswer, jsonFromResponse } from "../models/counterfactual-json.ts";
import {
  type AskedCounterfactuals,
  askedOf,
  askedToProto,
  inLimitOptions,
  withCounterfactualOptions,
  withLimitOptions,
} from "../models/counterfactual-options.ts";
import { counterfactualLines } from "../models/counterfactual-text.ts";
import { withLocalModel } from "../models/open-model.ts";
import { createReport } from "../output/report.ts";
import { listenerUrl } from "../remote/listener-url.ts";
import { ML_EXAMPLE_URL } from "../remote/peer-url.ts";
import { parseAnswer, postJson } from "../remote/post-json.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

const RPC_PATH = "/bellwether.inference.v1.InferenceService/Counterfactual";

type Supplier = Awaited<ReturnType<typeof readSupplier>>["supplier"];

async function askService(
  url: string,
  supplier: Supplier,
  asked: AskedCounterfactuals,
  env: CliContext["env"],
): Promise<string> {
  const request = create(CounterfactualRequestSchema, { supplier: { ...supplier }, ...askedToProto(asked) });
  return await withLimitOptions(asked, postJson(url, RPC_PATH, toJson(CounterfactualRequestSchema, request), env));
}

/** Returns null for JSON that is no answer of the RPC: the protocol's JSON has a default for everything. */
function readResponse(json: JsonObject): CounterfactualResponse | null {
  try {
    const response = fromJson(CounterfactualResponseSchema, json, { ignoreUnknownFields: true });
    return response.score?.model === undefined ? null : response;
  } catch {
    return null;
  }
}

function askLocalModel(
  context: CliContext,
  options: { readonly model?: string; readonly modelVersion?: string },
  supplier: Supplier,
  asked: AskedCounterfactuals,
): Promise<CounterfactualJson> {
  return withLocalModel(context, options, async (model) => {
    const find = createCounterfactualFinder(model);
    const request = { ...asked, supplier: { ...supplier, text: supplier.contractText } };
    const budget = { ...DEFAULT_BUDGET, isStopped: () => false };
    const answer = await find(request, "supplier", budget).catch((error: unknown) => {
      if (error instanceof InvalidSupplierError) throw new UsageError(flatText(error.message), { cause: error });
      throw error instanceof ChangeLimitError ? new UsageError(inLimitOptions(error.message, asked)) : error;
    });
    return jsonFromAnswer(supplier.supplierId, answer, asked.maxChanges, model.bundle);
  });
}

/** `bellwether counterfactual` */
export function counterfactualCommand(context: CliContext): Command {
  const command = withModelOptions(new Command("counterfactual")).requiredOption(
    "--input <json>",
    "one supplier: a flat JSON object, a file that contains the object, or - for standard input (required)",
  );
  return withCounterfactualOptions(command)
    .option(
      "--url <url>",
      `HTTP URL of a running ml-service, for example ${ML_EXAMPLE_URL}. The service finds the counterfactuals with its champion; the command does not read the model registry`,
      listenerUrl,
    )
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      `\nFor a supplier of a weekly run, whose features are stored: npx bellwether suppliers counterfactual S_00922\n\nExamples:\n  npx bellwether counterfactual --input supplier.json\n  npx bellwether counterfactual --input supplier.json --fix late_ratio --limits '[{"feature":"avg_delay","min":10}]'`,
    )
    .action(async (options) => {
      const report = createReport(options);
      checkModelOptions(options);
      const asked = askedOf(options);
      const { supplier } = await readSupplier("--input", options.input, context.cwd);
      const answer = options.url
        ? jsonFromResponse(
            supplier.supplierId,
            parseAnswer(options.url, await askService(options.url, supplier, asked, context.env), readResponse),
          )
        : await askLocalModel(context, options, supplier, asked);
      for (const line of counterfactualLines(answer)) report.line(line);
      report.json(answer);
    });
}
