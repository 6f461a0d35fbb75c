import type { SegmentDimension } from "@bellwether/drift/quality/compare-segments";
import { ModelCorruptError, ModelSignatureError } from "@bellwether/registry/registry-error";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { listVersions, readManifest, readVersion } from "@bellwether/registry/versions/read-version";
import { type GateContext, type GateRecord, gateRecord } from "@bellwether/risk-model/promotion/gate-record";
import { type GateInput, gateChallenger, unmeasuredChallenger } from "@bellwether/risk-model/promotion/promotion-gate";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { countTrainingSide } from "@bellwether/risk-model/training/provenance";
import { alertChanges, type OpenAlerts } from "./alert-changes.ts";
import type { MeasuredVersion } from "./measure-messages.ts";
import { type MeasureLimits, measureInProcess, NotMeasuredError } from "./measure-process.ts";
import { rowsAt } from "./measure-version.ts";

/** An attribute of the suppliers that divides the rows, for example their region. */
export interface RowDivision {
  readonly name: string;
  /** One element a row of the table; null: not known. */
  readonly values: readonly (string | null)[];
}

/** A run of the promotion gate. */
export interface GateRun {
  readonly modelName: string;
  /** The versions, for example "v3". */
  readonly champion: string;
  readonly challenger: string;
  /** Rows; those of `rows` with their labels are the window. */
  readonly table: FeatureTable;
  readonly rows: Uint32Array;
  /** Divisions of the rows besides the categorical features, which are compared in any case. Default: none. */
  readonly divisions?: readonly RowDivision[];
  /** Number of suppliers that each row of the table represents, above 0. Default: each row represents only itself. */
  readonly weights?: Float64Array;
  /** The window in words, for example "test rows from 2026-05-04 on". */
  readonly window: string;
  /** Null: the suppliers in the band high of the champion stand for them. */
  readonly openAlerts: OpenAlerts | null;
  readonly policy: GateInput["policy"];
  readonly limits: MeasureLimits;
  readonly gatedBy: string;
  readonly now: Date;
}

/** Default limits of the measurement of a version. */
export const GATE_LIMITS: MeasureLimits = { maxMemoryBytes: 2 * 2 ** 30, timeoutMs: 600_000 };
/** Largest number of rows of a window; of more rows, the newest are compared. */
const MAX_ROWS = 200_000;
const MAX_WINDOW_TEXT = 200;

/**
 * Compares a challenger with the champion on labelled rows. Each version is measured in its own process. A challenger that cannot be
 * read, crashes, hangs or takes too much memory has a result too: it fails, with the reason.
 * @throws NotMeasuredError when the champion cannot be measured; ModelNotFoundError, VersionNotFoundError; the reason of `signal`
 */
export async function gateVersions(registry: Registry, run: GateRun, signal?: AbortSignal): Promise<GateRecord> {
  const { modelName, champion, challenger, table, weights, policy, limits } = run;
  const [before, after] = [
    await readManifest(registry, modelName, champion),
    await readManifest(registry, modelName, challenger),
  ];
  const rows = newestRows(table, run.rows);
  const dropped = rows.length < run.rows.length ? `, the newest ${rows.length} of ${run.rows.length}` : "";
  const context: GateContext = {
    ...{ modelName, champion, challenger, gatedBy: run.gatedBy, gatedAt: run.now.toISOString() },
    championDigest: before.files["model.onnx"].sha256,
    challengerDigest: after.files["model.onnx"].sha256,
    window: `${run.window}${dropped}`.slice(0, MAX_WINDOW_TEXT),
  };
  const { numbers, categories, texts } = table;
  const input = rowsAt({ rows: table.rows, numbers, categories, texts }, rows);
  const measure = async (version: string): Promise<MeasuredVersion> =>
    await measureInProcess({ stored: await readVersion(registry, modelName, version), input }, limits, signal);
  const measured = await measure(champion).catch((error: unknown) => {
    if (error instanceof NotMeasuredError)
      throw new NotMeasuredError(`${modelName} ${champion}, the champion, cannot be measured: ${error.message}`);
    throw error;
  });
  const other = await measure(challenger).catch((error: unknown) => {
    const isOfChallenger =
      error instanceof NotMeasuredError || error instanceof ModelCorruptError || error instanceof ModelSignatureError;
    if (!isOfChallenger) throw error;
    return error.message;
  });
  if (typeof other === "string") return gateRecord(context, unmeasuredChallenger(other));
  const card = (await listVersions(registry, modelName)).find(({ origin }) => origin === "scorecard")?.version;
  const isOther = card !== undefined && card !== champion && card !== challenger;
  // What cannot be measured is left out: a reference decides nothing.
  const scorecard = isOther ? await measure(card).catch(() => null) : null;
  signal?.throwIfAborted();
  const supplierIds = Array.from(rows, (row) => table.supplierIds[row] ?? "");
  const trainedRows = ({ training }: typeof before): number =>
    training === null ? 0 : countTrainingSide(training, table, rows);
  const result = gateChallenger({
    ...{ championScores: measured.scores, challengerScores: other.scores, supplierIds },
    labels: Uint8Array.from(rows, (row) => table.labels?.[row] ?? 0),
    ...(weights && { weights: Float64Array.from(rows, (row) => weights[row] ?? 1) }),
    segments: segmentsOf(input.categories, run.divisions ?? [], rows),
    trainedRows: { champion: trainedRows(before), challenger: trainedRows(after) },
    contracts: { champion: measured.contract, challenger: other.contract },
    explanations: { champion: measured.explanation, challenger: other.explanation },
    rowTimes: { champion: measured.rowTimes, challenger: other.rowTimes },
    alerts: alertChanges({
      ...{ champion: measured, challenger: other, supplierIds, newest: newestOfSuppliers(table, rows) },
      ...{ openAlerts: run.openAlerts, scopeOf: createScopes(run.divisions ?? [], rows) },
    }),
    references: scorecard === null ? [] : [{ name: `scorecard ${card}`, scores: scorecard.scores }],
    policy,
  });
  return gateRecord(context, result);
}

/** Returns the newest rows, at most MAX_ROWS, in their order. */
function newestRows({ asOfDays }: FeatureTable, rows: Uint32Array): Uint32Array {
  if (rows.length <= MAX_ROWS) return rows;
  return rows.toSorted((a, b) => (asOfDays?.[b] ?? 0) - (asOfDays?.[a] ?? 0) || b - a).subarray(0, MAX_ROWS);
}

/** Returns the position, in `rows`, of the newest row of each supplier. */
function newestOfSuppliers({ asOfDays, supplierIds }: FeatureTable, rows: Uint32Array): Uint32Array {
  const newest = new Map<string, number>();
  const dayOf = (k: number): number => asOfDays?.[rows[k] ?? 0] ?? 0;
  for (const [k, row] of rows.entries()) {
    const id = supplierIds[row] ?? "";
    const known = newest.get(id);
    if (known === undefined || dayOf(k) >= dayOf(known)) newest.set(id, k);
  }
  return Uint32Array.from(newest.values());
}

/** Returns the divisions of the rows. A categorical feature stands for an attribute of the same name. */
function segmentsOf(
  categories: ReadonlyMap<string, readonly (string | null)[]>,
  divisions: readonly RowDivision[],
  rows: Uint32Array,
): SegmentDimension[] {
  const others = divisions.filter(({ name }) => !categories.has(name));
  const all = [
    ...[...categories].map(([name, values]) => ({ name, values })),
    ...others.map(({ name, values }) => ({ name, values: Array.from(rows, (row) => values[row] ?? null) })),
  ];
  return all.map(({ name, values }) => ({ name, segmentOf: values.map((value) => value ?? "(missing)") }));
}

/** Returns the function that names the region and the category of a row. Empty: not known. */
function createScopes(divisions: readonly RowDivision[], rows: Uint32Array) {
  const valuesOf = (name: string): RowDivision["values"] => divisions.find((one) => one.name === name)?.values ?? [];
  const [regions, categories] = [valuesOf("region"), valuesOf("category")];
  return (k: number) => {
    const row = rows[k] ?? 0;
    return { region: regions[row] ?? "", category: categories[row] ?? "" };
  };
}
