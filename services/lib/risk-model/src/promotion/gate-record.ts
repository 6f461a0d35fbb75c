import { canonicalHash } from "@bellwether/contract/canonical-json";
import { z } from "zod";
import { GATE_CHECKS, GATE_OUTCOMES, GATE_VERDICTS } from "./gate-check.ts";
import type { GateResult } from "./promotion-gate.ts";

/** What was compared, and by whom. */
export interface GateContext {
  readonly modelName: string;
  /** The versions, for example "v3". */
  readonly champion: string;
  readonly challenger: string;
  /** SHA-256 of model.onnx of each version, lower-case hex. */
  readonly championDigest: string;
  readonly challengerDigest: string;
  /** The rows in words, for example "test rows from 2026-05-04 on". At most 200 characters. */
  readonly window: string;
  /** ISO 8601, UTC. */
  readonly gatedAt: string;
  /** Who ran the gate, at most 256 characters. */
  readonly gatedBy: string;
}

/** A result of the promotion gate, stored as `gate-ID.json` beside the challenger. */
export interface GateRecord extends GateContext, GateResult {
  readonly format: "bellwether.gate/1";
}

/** A result cannot be read. The message names the field. */
export class GateRecordError extends Error {
  override readonly name = "GateRecordError" as const;
}

/** Returns the record of a result. */
export const gateRecord = (context: GateContext, result: GateResult): GateRecord => ({
  format: "bellwether.gate/1",
  ...context,
  ...result,
});

/** Returns the id of a result: the SHA-256 of its canonical JSON, so that an approval names exactly what a person has read. */
export const gateIdOf = (record: GateRecord): string => canonicalHash(record);

const text = (max: number) => z.string().max(max);
const figure = z.number().nullable();
const estimate = z.object({ value: figure, low: figure, high: figure });
const points = z.array(z.tuple([z.number(), z.number()])).max(64);
const curves = z.object({ champion: points, challenger: points });

const RECORD_SCHEMA = z.object({
  format: z.literal("bellwether.gate/1"),
  modelName: text(64),
  champion: text(64),
  challenger: text(64),
  championDigest: text(64),
  challengerDigest: text(64),
  window: text(200),
  gatedAt: text(64),
  gatedBy: text(256),
  verdict: z.enum(GATE_VERDICTS),
  checks: z
    .array(
      z.object({
        name: z.enum(GATE_CHECKS),
        outcome: z.enum(GATE_OUTCOMES),
        champion: figure,
        challenger: figure,
        figure,
        low: figure,
        high: figure,
        bound: figure,
        reason: text(500),
      }),
    )
    .max(GATE_CHECKS.length),
  rows: z.number(),
  positives: z.number(),
  suppliers: z.number(),
  segments: z
    .array(
      z.object({
        dimension: text(256),
        segment: text(256),
        rows: z.number(),
        suppliers: z.number(),
        figure: z.enum(["auc", "brier"]),
        difference: estimate,
        adjustedP: z.number(),
        isWorse: z.boolean(),
      }),
    )
    .max(64),
  references: z
    .array(z.object({ name: text(100), rows: z.number(), auc: figure, averagePrecision: figure, brier: figure }))
    .max(8),
  plots: z.object({ reliability: curves, precisionRecall: curves, scoreShift: points }).nullable(),
});

/** Reads a stored result. @throws GateRecordError naming the first field that is not valid */
export function parseGateRecord(json: string): GateRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw new GateRecordError("the result is not JSON");
  }
  const { success, data, error } = RECORD_SCHEMA.safeParse(parsed);
  if (success) return data;
  const [issue] = error.issues;
  throw new GateRecordError(`${issue?.path.join(".") || "the file"}: ${issue?.message ?? "not valid"}`);
}
