import {
  type GateCheck,
  GateCheckOutcome,
  type GateResult,
  GateVerdict,
} from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import { type Retrain, RetrainOutcome } from "@bellwether/gen/bellwether/schedule/v1/retrain_pb";
import type { LoopMesh } from "./loop-mesh.ts";
import { MODEL, until } from "./until.ts";

/** A decision about a version that a retrain has published. */
export interface Decision {
  readonly isPromoted: boolean;
  readonly verdict: "PASS" | "HELD" | "FAIL";
  /** The checks that did not pass, by name. */
  readonly open: readonly string[];
  /**
   * Number of rows of the gate, number of these rows with the risk, and the AUC of both versions on them. Null: the
   * rows do not determine the AUC.
   */
  readonly rows: number;
  readonly late: number;
  readonly auc: { readonly champion: number | null; readonly challenger: number | null };
}

const VERDICTS: ReadonlyMap<GateVerdict, Decision["verdict"]> = new Map([
  [GateVerdict.PASS, "PASS"],
  [GateVerdict.HELD, "HELD"],
  [GateVerdict.FAIL, "FAIL"],
]);
const CLOSED: ReadonlySet<GateCheckOutcome> = new Set([GateCheckOutcome.PASSED, GateCheckOutcome.NOT_MADE]);

/**
 * Decides about a version as the page says. A version that passes the promotion gate is the champion already, and one that fails is not
 * promoted. Of one that is held, the person of this replay approves it when its AUC on the rows of the gate is above that of the champion.
 * Waits until ml-service serves a new champion. Null: nothing was published.
 */
export async function decidePromotion(mesh: LoopMesh, retrain: Retrain): Promise<Decision | null> {
  const { outcome, version } = retrain;
  if (outcome !== RetrainOutcome.PUBLISHED) return null;
  const { result } = await mesh.models.getGateResult({ modelName: MODEL, version }).catch((cause: unknown) => {
    throw new Error(`the promotion gate has no result for ${version}: ${retrain.notes.join("; ")}`, { cause });
  });
  if (result === undefined) throw new Error(`the promotion gate has no result for ${version}`);
  const decided = decisionOf(result);
  if (!decided.isPromoted && isApproved(decided)) {
    const reason = "its AUC on the rows of the gate is above that of the champion";
    await mesh.publishing.approvePromotion({ modelName: MODEL, version, gateId: result.gateId, reason });
  } else if (!decided.isPromoted) return decided;
  await until(
    `${version} is served`,
    async () => (await mesh.models.getReplicaStatus({})).servedVersion === version || null,
  );
  return { ...decided, isPromoted: true };
}

/** Returns what a result says. @returns isPromoted only if the policy has promoted the version */
export function decisionOf(result: GateResult): Decision {
  const { checks, verdict, decision, rows, positives } = result;
  const auc = checks.find(({ name }) => name === "auc");
  const open = checks.filter(({ outcome }: GateCheck) => !CLOSED.has(outcome)).map(({ name }) => name);
  return {
    ...{ isPromoted: decision?.isApproved ?? false, verdict: VERDICTS.get(verdict) ?? "FAIL", open },
    ...{ rows: Number(rows), late: Number(positives) },
    auc: { champion: auc?.champion ?? null, challenger: auc?.challenger ?? null },
  };
}

/** Whether the person of the replay approves: what is not decided by the data, and ranks better. */
export function isApproved({ verdict, auc: { champion, challenger } }: Decision): boolean {
  return verdict === "HELD" && champion !== null && challenger !== null && challenger > champion;
}
