import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { ScoringModel } from "../model/scoring-model.ts";
import { scoreSupplier } from "../score/score-supplier.ts";
import type { RowTimes } from "./compared-row.ts";

/** A version with the supplier in the features that it takes. */
export interface TimedVersion {
  readonly model: ScoringModel;
  readonly input: SupplierInput;
}

/**
 * Scores a supplier with both versions, with contributions, and returns the CPU time of this thread for each. The
 * thread must do no other work during the call. Change the order of the versions from row to row, because the second
 * version has the advantage of warm caches.
 * @throws InvalidSupplierError when one of the versions rejects the supplier
 */
export async function timeVersions(
  champion: TimedVersion,
  challenger: TimedVersion,
  isChampionFirst: boolean,
): Promise<RowTimes> {
  const first = await cpuMicrosOf(isChampionFirst ? champion : challenger);
  const second = await cpuMicrosOf(isChampionFirst ? challenger : champion);
  return isChampionFirst
    ? { championMicros: first, challengerMicros: second }
    : { championMicros: second, challengerMicros: first };
}

async function cpuMicrosOf({ model, input }: TimedVersion): Promise<number> {
  const before = process.threadCpuUsage();
  await scoreSupplier(model, input, "supplier");
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}
