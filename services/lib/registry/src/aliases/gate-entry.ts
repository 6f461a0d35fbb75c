import { GATE_VERDICTS, type GateVerdict } from "@bellwether/risk-model/promotion/gate-check";
import type { GateDecision } from "@bellwether/risk-model/promotion/gate-section";
import { unchecked } from "../files/unchecked.ts";
import { isUtcTime } from "../files/utc-time.ts";
import { versionNumber } from "../layout.ts";

/**
 * A result of the promotion gate in the alias file, with the decision about it. An alias and the decision that moved it are one file, so
 * that they change together.
 */
export interface GateEntry {
  /** SHA-256 of the result, 64 lower-case hex digits. */
  readonly id: string;
  /** The challenger. */
  readonly version: string;
  /** The champion with which it was compared. */
  readonly champion: string;
  readonly verdict: GateVerdict;
  /** ISO 8601, UTC. */
  readonly gatedAt: string;
  readonly gatedBy: string;
  /** The checks that did not pass, at most 1,000 characters. Empty: all passed. */
  readonly summary: string;
  /** Null: nobody has decided. */
  readonly decision: GateDecision | null;
}

/** Maximum number of results that the file keeps, of all versions together. */
export const MAX_GATES = 500;
const MAX_TEXT = 1_000;

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_TEXT;

/** Whether a value of the alias file is a result with its decision. */
export function isGateEntry(value: unknown): value is GateEntry {
  const { id, version, champion, verdict, gatedAt, gatedBy, summary, decision } = unchecked<GateEntry>(value);
  return (
    typeof id === "string" &&
    /^[0-9a-f]{64}$/.test(id) &&
    [version, champion].every((name) => typeof name === "string" && versionNumber(name) > 0) &&
    GATE_VERDICTS.some((known) => known === verdict) &&
    isUtcTime(gatedAt) &&
    isText(gatedBy) &&
    isText(summary) &&
    (decision === null || isDecision(decision))
  );
}

function isDecision(value: unknown): value is GateDecision {
  const { outcome, at, by, reason } = unchecked<GateDecision>(value);
  return (outcome === "approved" || outcome === "rejected") && isUtcTime(at) && isText(by) && isText(reason);
}
