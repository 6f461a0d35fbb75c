import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { FeatureMapping } from "@bellwether/config/feature-mapping";
import type { ModelSpec } from "@bellwether/config/model-spec";
import { readEnv } from "@bellwether/env/env";
import { INGEST_ENV, ingestLimits } from "@bellwether/ingest/ingest-env";
import { readSample } from "@bellwether/ingest/snapshot/snapshot-sample";
import { snapshotWeekly, type WeeklySnapshot } from "@bellwether/ingest/snapshot/weekly-snapshot";
import type { SurveyedTable } from "@bellwether/risk-model/scorecard/survey";
import type { CliContext } from "../context/cli-context.ts";
import { showStep } from "../output/report.ts";

/** Maximum number of suppliers that are read; of more, a sample is read. */
const MAX_SUPPLIERS = 200_000;

/** Suppliers of a weekly input, without labels. */
export interface UnlabelledRows {
  readonly table: SurveyedTable;
  /** What the mapping of the input has rejected, cleaned and left out. */
  readonly snapshot: Omit<WeeklySnapshot, "path" | "digest" | "bytes">;
}

/** Maps a weekly input as a weekly run does, without a service. @throws SourceError, MappingSqlError */
export async function readUnlabelled(
  pair: { readonly model: ModelSpec; readonly mapping: FeatureMapping },
  input: string,
  { env, cwd }: CliContext,
): Promise<UnlabelledRows> {
  showStep(`reading ${input}`);
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-rows-"));
  try {
    const outParquet = path.join(folder, "rows.parquet");
    const limits = ingestLimits(readEnv(env, INGEST_ENV));
    const snapshot = await snapshotWeekly({ ...pair, input: path.resolve(cwd, input), outParquet, limits });
    const { numbers, categories, supplierIds } = await readSample(outParquet, MAX_SUPPLIERS);
    return { snapshot, table: { rows: supplierIds.length, supplierIds, numbers, categories, texts: null } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
