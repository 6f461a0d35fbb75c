import type { Disposition } from "../alerts/alert.ts";

/**
 * What the disposition of an alert says about the risk. True: it was real. Null: nothing.
 *
 * - `mitigated`: a person confirmed the risk and acted on it. Without the action it might have occurred, so it counts as occurred.
 * - `accepted`: the organization bears the risk, whether it is real or not.
 * - `false_model`, `false_alarm`: a person found no risk.
 * - `false_data`: the input was wrong, so the score was not about the supplier.
 * - `duplicate`: the other alert has the answer.
 * - `cleared`, `lapsed`, `replaced`, `void`: set by a rule; nobody looked.
 */
const LABELS: Readonly<Record<Disposition, boolean | null>> = {
  mitigated: true,
  false_model: false,
  false_alarm: false,
  accepted: null,
  false_data: null,
  duplicate: null,
  cleared: null,
  lapsed: null,
  replaced: null,
  void: null,
};

/** Returns what a disposition says about the risk; null: nothing, also for a disposition that is not known. */
export function dispositionLabel(disposition: string): boolean | null {
  return Object.entries(LABELS).find(([name]) => name === disposition)?.[1] ?? null;
}
