import type { Logger } from "@bellwether/telemetry/logger";
import type { Store } from "../database.ts";
import { fillHistory } from "../scores/score-history.ts";
import { fillSearchKeys } from "../suppliers/search-keys.ts";
import { fillFeatureCounts } from "./run-features.ts";

/**
 * Completes data that an earlier release has stored without what this one needs. Each step is made of
 * transactions of limited size, so a process that is killed continues at its next start.
 */
export async function completeOldData({ db, inTransaction }: Store, logger: Pick<Logger, "info">): Promise<void> {
  const suppliers = await fillSearchKeys(inTransaction);
  if (suppliers > 0) logger.info({ suppliers }, "search keys of existing suppliers written");
  await fillFeatureCounts(db);
  const runs = await fillHistory(db, inTransaction);
  if (runs > 0) logger.info({ runs }, "scores of existing runs copied to the histories of the suppliers");
}
