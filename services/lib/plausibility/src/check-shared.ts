import { type CheckSetting, isDisabled } from "@bellwether/config/input-checks";
import { countText } from "@bellwether/reasons/count-text";
import { type Check, check } from "./check.ts";
import { disabledCheck, nothingEarlier } from "./check-rows.ts";
import { percent } from "./figures.ts";
import type { PreviousInput } from "./previous-input.ts";

/** The suppliers of an earlier week, compared with those of the input by their ids. */
export interface SharedSuppliers {
  /** Number of suppliers of the earlier week. */
  readonly suppliers: number;
  /** Number of these that are in the input too. */
  readonly shared: number;
  /** Number of the others for which the input has a new id that differs only in leading zeros, case or spaces. */
  readonly similar: number;
  /** Some of the similar ids, at most 3. */
  readonly examples: readonly { readonly before: string; readonly now: string }[];
}

/** Number of ids that are written in another way below which they are only a warning. */
const MIN_SIMILAR = 20;

/**
 * Checks that enough suppliers of the week before are in the input. The number of suppliers alone does not show that they
 * were replaced by others. Also checks that few of them are written in another way, for example without leading zeros. The text has no supplier ids.
 * @param found null: the suppliers of the week before are not stored where the input is checked
 */
export function checkShared(
  found: SharedSuppliers | null,
  previous: PreviousInput | null,
  setting: CheckSetting<{ readonly minShare: number; readonly maxSimilarShare: number }>,
): Check {
  const kind = "shared_suppliers";
  if (isDisabled(setting)) return disabledCheck(kind, setting.disabled);
  if (previous === null) return nothingEarlier(kind);
  if (found === null || found.suppliers === 0)
    return check(kind, "not_possible", `the snapshot of ${previous.week} is not stored on this machine`);
  const { suppliers, shared } = found;
  const share = shared / suppliers;
  const isLow = share < setting.minShare;
  const shown = percent(share, isLow ? Math.floor : Math.round);
  const detail = `${shared} of the ${countText(suppliers, "supplier")} of ${previous.week} ${shared === 1 ? "is" : "are"} in the input, ${shown} (limit: ${percent(setting.minShare)})`;
  const hint = similarText(found);
  const similarShare = found.similar / suppliers;
  if (!isLow && found.similar >= MIN_SIMILAR && similarShare > setting.maxSimilarShare)
    return check(
      kind,
      "failed",
      `${hint}, ${percent(similarShare, Math.ceil)} of the ${countText(suppliers, "supplier")} of ${previous.week} (limit: ${percent(setting.maxSimilarShare)})`,
      { value: similarShare, limit: setting.maxSimilarShare },
    );
  const figures = { value: share, limit: setting.minShare };
  return check(kind, isLow ? "failed" : "passed", hint === "" ? detail : `${detail}; ${hint}`, figures);
}

/** Says how many ids were only written in another way; "" when none was. */
export function similarText({ similar }: Pick<SharedSuppliers, "similar">): string {
  if (similar === 0) return "";
  const differ = similar === 1 ? "differs from a new id" : "differ from new ids";
  return `${countText(similar, "missing id")} ${differ} only in leading zeros, case or spaces`;
}
