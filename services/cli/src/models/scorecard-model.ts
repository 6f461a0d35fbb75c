import path from "node:path";
import { loadScorecard } from "@bellwether/config/scorecard";
import { withSqlPlace } from "@bellwether/ingest/ingest-errors";
import { buildScorecard } from "@bellwether/risk-model/scorecard/build-scorecard";
import { type PublishedModel, publishModel } from "@bellwether/scoring/publish/publish-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import cli from "../../package.json" with { type: "json" };
import { type CliContext, registryOf } from "../context/cli-context.ts";
import { readUnlabelled } from "../data/unlabelled-rows.ts";
import type { ConfigFiles } from "../input/config-options.ts";
import { loadNamedPair } from "../input/load-named-pair.ts";

/** File name of a scorecard; by default it is in the folder of the model configuration. */
export const SCORECARD_FILE = "scorecard.yaml";

/** Files of a scorecard. */
export interface ScorecardOptions extends ConfigFiles {
  /** Unset: scorecard.yaml beside the model configuration. */
  readonly scorecard?: string;
  /** A weekly input with the suppliers of today. Unset: none. */
  readonly input?: string;
}

/** A scorecard that was read and built, with the rows that were given. */
export type OpenedScorecard = Awaited<ReturnType<typeof openScorecard>>;

/** Reads and builds a scorecard; nothing is published. @throws ConfigError with every violation; SourceError, MappingSqlError */
export async function openScorecard(options: ScorecardOptions, context: CliContext) {
  const at = (file: string): string => path.resolve(context.cwd, file);
  const file = options.scorecard ?? path.join(path.dirname(options.config), SCORECARD_FILE);
  const pair = await loadNamedPair(options, context);
  const { model, configHash } = pair;
  const scorecard = await loadScorecard(at(file), model);
  const rows =
    options.input === undefined
      ? null
      : await readUnlabelled(pair, options.input, context).catch((error: unknown) => {
          throw withSqlPlace(error, pair.sqlPlace);
        });
  const built = await buildScorecard({ model, scorecard, configHash, runOnnx, table: rows?.table ?? null });
  return { model, configHash, scorecard, file, rows, built };
}

/** Publishes a scorecard as a version of its model. @throws OtherContractError */
export function publishScorecard(
  { model, configHash, built }: OpenedScorecard,
  context: CliContext,
  now: Date,
): Promise<PublishedModel> {
  const { onnx, bundleJson, modelCard, importanceRows } = built;
  return publishModel(
    registryOf(context),
    {
      ...{ modelName: model.name, origin: "scorecard", configHash, onnx, bundleJson, modelCard, importanceRows },
      ...{ evaluation: null, now, builder: `bellwether ${cli.version}` },
    },
    { setBy: "bellwether scorecard", reason: "scorecard published" },
  );
}
