import path from "node:path";
import { DEFAULT_CHUNK_ROWS } from "@bellwether/contract/chunk-rows";
import { cleanId } from "@bellwether/contract/supplier-id";
import { separatorHint } from "@bellwether/risk-model/tables/value-table";
import { type BatchScores, scoreBatch } from "@bellwether/scoring/batch/score-batch";
import { answerOfBatchRow, inputOfBatchRow } from "@bellwether/scoring/comparison/answers";
import type { RowTimes } from "@bellwether/scoring/comparison/compared-row";
import { type ComparisonStatistics, comparisonStatistics } from "@bellwether/scoring/comparison/comparison-statistics";
import { createSummary } from "@bellwether/scoring/comparison/comparison-sums";
import { segmentNames, segmentsOf } from "@bellwether/scoring/comparison/segment-names";
import { timeVersions } from "@bellwether/scoring/comparison/time-versions";
import { featureColumns } from "@bellwether/scoring/comparison/top-features";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { UsageError } from "../errors/usage-error.ts";
import { showProgress } from "../output/report.ts";
import { columnsOf, idError, readTable } from "./predict-file.ts";

/** The comparison of two versions over the rows of a file. */
export interface FileComparison {
  readonly rows: number;
  /** Rows without a supplier id that can be used. */
  readonly rejectedIds: number;
  /** Rows that a version cannot score, because a value of the row is invalid for it. A row can be in both. */
  readonly rejectedByChampion: number;
  readonly rejectedByChallenger: number;
  /** Features of either version without a column in the file, treated as missing. */
  readonly missingColumns: readonly string[];
  readonly statistics: ComparisonStatistics;
}

/** Rows whose CPU time is measured, and rows before them, whose code is not compiled yet. */
const TIMED_ROWS = 512;
const WARM_UP_ROWS = 64;

/** One version over a chunk of rows. */
interface ScoredChunk {
  readonly input: ReturnType<typeof columnsOf>["input"];
  readonly scores: BatchScores;
  /** Rows of the chunk that the version cannot score. */
  readonly invalid: ReadonlySet<number>;
}

/**
 * Scores each row of a table with both versions and compares the answers.
 * @throws UsageError when the table cannot be read, has no supplier_id, or has none of the features of a version
 */
export async function compareFile(
  champion: ScoringModel,
  challenger: ScoringModel,
  input: string,
): Promise<FileComparison> {
  const table = await readTable(input);
  const at = new Map(table.header.map((name, column) => [name, column]));
  const idAt = at.get("supplier_id");
  if (idAt === undefined)
    throw new UsageError(`--input: ${path.basename(input)} has no column supplier_id${separatorHint(table.header)}`);
  for (const { bundle, identity } of [champion, challenger])
    if (!bundle.features.some(({ name }) => at.has(name)))
      throw new UsageError(
        `--input: ${path.basename(input)} has none of the features of ${identity.version}: ${bundle.features
          .slice(0, 20)
          .map(({ name }) => name)
          .join(", ")}`,
      );
  const rows = table.records.length;
  const summary = createSummary(segmentNames(champion.bundle));
  const columns = { champion: featureColumns(champion.bundle), challenger: featureColumns(challenger.bundle) };
  const counts = { ids: 0, champion: 0, challenger: 0 };
  const timedEvery = Math.max(1, Math.floor(rows / TIMED_ROWS));
  /** Ids of the compared rows: a file has few enough to count them. */
  const suppliers = new Set<string>();
  let compared = 0;

  const scoreChunk = async (model: ScoringModel, from: number, until: number): Promise<ScoredChunk> => {
    const { input: chunk, errors } = columnsOf(model.bundle, at, table, from, until);
    const scores = await scoreBatch(model, chunk, model.explainer !== null);
    return { input: chunk, scores, invalid: new Set([...errors.keys(), ...scores.violations.map(({ row }) => row)]) };
  };
  for (let from = 0; from < rows; from += DEFAULT_CHUNK_ROWS) {
    const until = Math.min(rows, from + DEFAULT_CHUNK_ROWS);
    const one = await scoreChunk(champion, from, until);
    const other = await scoreChunk(challenger, from, until);
    for (let row = 0; row < until - from; row++) {
      const given = table.records[from + row]?.[idAt] ?? null;
      const supplierId = cleanId(String(given ?? ""));
      if (idError(supplierId, given) !== null) {
        counts.ids++;
        continue;
      }
      if (one.invalid.has(row)) counts.champion++;
      if (other.invalid.has(row)) counts.challenger++;
      if (one.invalid.has(row) || other.invalid.has(row)) continue;
      suppliers.add(supplierId);
      const championInput = inputOfBatchRow(one.input, row);
      let times: RowTimes | null = null;
      if (compared++ % timedEvery === 0)
        times = await timeVersions(
          { model: champion, input: championInput },
          { model: challenger, input: inputOfBatchRow(other.input, row) },
          compared % (2 * timedEvery) === 1,
        );
      summary.add({
        ...{ supplierId, atMs: from + row },
        champion: answerOfBatchRow(champion.bundle, columns.champion, one.scores, row),
        challenger: answerOfBatchRow(challenger.bundle, columns.challenger, other.scores, row),
        times: compared > WARM_UP_ROWS ? times : null,
        segments: segmentsOf(championInput.categories),
      });
    }
    showProgress("comparing", until, rows);
  }
  const sums = { ...summary.sums(), suppliers: { suppliers: suppliers.size, isExact: true } };
  const known = new Set([champion, challenger].flatMap(({ bundle }) => bundle.features.map(({ name }) => name)));
  return {
    rows,
    rejectedIds: counts.ids,
    rejectedByChampion: counts.champion,
    rejectedByChallenger: counts.challenger,
    missingColumns: [...known].filter((name) => !at.has(name)),
    // Rows of a file have no time.
    statistics: { ...comparisonStatistics(sums), firstMs: null, lastMs: null },
  };
}
