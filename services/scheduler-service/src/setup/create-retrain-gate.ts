import type { PromotionPolicy } from "@bellwether/config/promotion-policy";
import { aliasVersion, readAliases } from "@bellwether/registry/aliases/aliases";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import type { VersionCheck } from "@bellwether/registry/versions/read-version";
import { aliasCheck } from "@bellwether/scoring/model/alias-check";
import { gateVersions } from "@bellwether/scoring/promotion/gate-versions";
import type { MeasureLimits } from "@bellwether/scoring/promotion/measure-process";
import { recordAndPromote } from "@bellwether/scoring/promotion/promote-passed";
import type { RetrainSteps } from "../domain/retrain.ts";

/** What the promotion gate of a retrain uses. */
export interface RetrainGateDeps {
  readonly registry: Registry;
  readonly modelName: string;
  readonly policy: PromotionPolicy;
  readonly limits: MeasureLimits;
  readonly check: (signal: AbortSignal) => VersionCheck;
  /** Called when an alias may have moved. */
  readonly onPublished: () => void;
  readonly now: () => Date;
}

const ACTOR = "scheduler-service";

/**
 * Creates the last step of a retrain: the promotion gate on the test rows of the training, which are the newest labelled weeks. It runs
 * once for a challenger and a champion, also when a killed retrain is repeated.
 */
export function createRetrainGate(deps: RetrainGateDeps): RetrainSteps["gate"] {
  const { registry, modelName, policy, limits, check, onPublished, now } = deps;
  return async ({ data }, { rowUses }, challenger, signal) => {
    const aliases = await readAliases(registry, modelName);
    const champion = aliasVersion(aliases, "champion");
    if (champion === undefined || aliasVersion(aliases, "challenger") !== challenger) return null;
    const last = (aliases.gates ?? []).findLast(({ version }) => version === challenger);
    if (champion === challenger || last?.champion === champion) return null;
    const record = await gateVersions(
      registry,
      {
        ...{ modelName, champion, challenger, table: data.table, window: "the newest labelled weeks of the retrain" },
        rows: Uint32Array.from(rowUses.flatMap((use, row) => (use === "test" ? [row] : []))),
        ...{ openAlerts: null, policy, limits, gatedBy: ACTOR, now: now() },
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
