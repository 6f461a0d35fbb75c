import type { PromotionPolicy } from "@bellwether/config/promotion-policy";
import type { WeekData } from "@bellwether/ingest/training/week-data";
import { aliasVersion, readAliases } from "@bellwether/registry/aliases/aliases";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import type { VersionCheck } from "@bellwether/registry/versions/read-version";
import { aliasCheck } from "@bellwether/scoring/model/alias-check";
import type { OpenAlerts } from "@bellwether/scoring/promotion/alert-changes";
import { gateVersions } from "@bellwether/scoring/promotion/gate-versions";
import type { MeasureLimits } from "@bellwether/scoring/promotion/measure-process";
import { recordAndPromote } from "@bellwether/scoring/promotion/promote-passed";
import type { RetrainSteps } from "../domain/retrain.ts";
import { type RowWeights, type WeekReviews, weighReviews } from "../domain/review-weights.ts";

/** What the promotion gate of a retrain uses. */
export interface RetrainGateDeps {
  readonly registry: Registry;
  readonly modelName: string;
  readonly policy: PromotionPolicy;
  readonly limits: MeasureLimits;
  /** Returns the suppliers with an open alert of the model. */
  readonly openAlerts: (signal: AbortSignal) => Promise<OpenAlerts>;
  /** Returns the review sample of a week. Null: events are recorded completely, so that no outcome is one of a selection. */
  readonly weekReviews: ((isoWeek: string, signal: AbortSignal) => Promise<WeekReviews>) | null;
  readonly check: (signal: AbortSignal) => VersionCheck;
  /** Called when an alias may have moved. */
  readonly onPublished: () => void;
  readonly now: () => Date;
}

const ACTOR = "scheduler-service";
const WINDOW = "the newest labelled weeks of the retrain";

/**
 * Creates the last step of a retrain: the promotion gate on the test rows of the training, which are the newest labelled weeks. It runs
 * once for a challenger and a champion, also when a killed retrain is repeated.
 */
export function createRetrainGate(deps: RetrainGateDeps): RetrainSteps["gate"] {
  const { registry, modelName, policy, limits, openAlerts, weekReviews, check, onPublished, now } = deps;
  return async (found, { rowUses }, challenger, signal) => {
    const aliases = await readAliases(registry, modelName);
    const champion = aliasVersion(aliases, "champion");
    if (champion === undefined || aliasVersion(aliases, "challenger") !== challenger) return null;
    const last = (aliases.gates ?? []).findLast(({ version }) => version === challenger);
    if (champion === challenger || last?.champion === champion) return null;
    const weighed = weekReviews === null ? null : await weigh(found, weekReviews, signal);
    const record = await gateVersions(
      registry,
      {
        ...{ modelName, champion, challenger, table: found.data.table, divisions: found.attributes },
        rows: Uint32Array.from(rowUses.flatMap((use, row) => (use === "test" ? [row] : []))),
        ...(weighed === null ? { window: WINDOW } : { weights: weighed.weights, window: `${WINDOW}; ${weighed.text}` }),
        ...{ openAlerts: await openAlerts(signal), policy, limits, gatedBy: ACTOR, now: now() },
      },
      signal,
    );
    const { promoted } = await recordAndPromote(registry, record, policy, aliasCheck(check(signal)), now());
    onPublished();
    return promoted === null
      ? `promotion gate: ${record.verdict} against ${champion}; bellwether models show ${challenger} has the result`
      : `promotion gate: PASS against ${champion}; ${challenger} is the champion`;
  };
}

/** Weighs the rows by the review samples of their weeks. */
async function weigh(
  { data: { table }, weeks }: WeekData,
  weekReviews: NonNullable<RetrainGateDeps["weekReviews"]>,
  signal: AbortSignal,
): Promise<RowWeights | null> {
  const reviews: WeekReviews[] = [];
  for (const { week, labelled } of weeks) if (labelled > 0) reviews.push(await weekReviews(week, signal));
  return weighReviews({ supplierIds: table.supplierIds, asOfDays: table.asOfDays, weeks }, reviews);
}
