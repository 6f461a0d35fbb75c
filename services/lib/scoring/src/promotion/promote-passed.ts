import type { Alias } from "@bellwether/registry/aliases/alias-file";
import type { GateEntry } from "@bellwether/registry/aliases/gate-entry";
import { approvePromotion } from "@bellwether/registry/publish/decide-promotion";
import { recordGate } from "@bellwether/registry/publish/record-gate";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import type { VersionCheck } from "@bellwether/registry/versions/read-version";
import type { GateRecord } from "@bellwether/risk-model/promotion/gate-record";
import type { GateInput } from "@bellwether/risk-model/promotion/promotion-gate";

/** A recorded result, and what followed from it. */
export interface RecordedGate {
  readonly entry: GateEntry;
  /** The champion alias that was set. Null: a person decides, or the challenger has failed. */
  readonly promoted: Alias | null;
}

/** Who is recorded as having promoted a version that the policy promotes. */
const POLICY_ACTOR = "promotion policy";

/**
 * Records a result of the promotion gate, and makes the challenger the champion if it has passed every check and the policy says so.
 * A killed process has recorded the result at most; running the gate again ends the promotion.
 * @param check the checks that a version passes before an alias is moved to it
 * @throws GateStaleError when another champion was set meanwhile; the result is recorded; the errors of `recordGate` and of `check`
 */
export async function recordAndPromote(
  registry: Registry,
  record: GateRecord,
  { isAutomatic }: Pick<GateInput["policy"], "isAutomatic">,
  check: VersionCheck,
  now: Date,
): Promise<RecordedGate> {
  const entry = await recordGate(registry, record);
  if (!isAutomatic || entry.verdict !== "PASS") return { entry, promoted: null };
  const { modelName, challenger: version } = record;
  const reason = "every check of the promotion gate passed, and promotion.automatic is true";
  const decision = { modelName, version, gateId: entry.id, decidedBy: POLICY_ACTOR, reason, now };
  return { entry, promoted: await approvePromotion(registry, decision, check) };
}
