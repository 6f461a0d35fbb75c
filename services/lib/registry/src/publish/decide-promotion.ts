import type { GateDecision } from "@bellwether/risk-model/promotion/gate-section";
import { type Alias, type AliasFile, MAX_ALIAS_BYTES, NO_ALIASES, parseAliasFile } from "../aliases/alias-file.ts";
import { aliasFileOf, aliasVersion, readAliases } from "../aliases/aliases.ts";
import type { GateEntry } from "../aliases/gate-entry.ts";
import {
  GateFailedError,
  GateNotFoundError,
  GateStaleError,
  PromotionDecidedError,
  VersionNotFoundError,
} from "../registry-error.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";
import { readVersion, type VersionCheck } from "../versions/read-version.ts";
import { aliasText, checkTexts, moveAlias } from "./move-alias.ts";
import { type MoveResult, undoMoveToRemoved } from "./undo-move.ts";

/** A decision about a result of the promotion gate. */
export interface PromotionDecision {
  readonly modelName: string;
  /** The challenger. */
  readonly version: string;
  /** Id of the result that was read. */
  readonly gateId: string;
  readonly decidedBy: string;
  readonly reason: string;
  readonly now: Date;
}

/**
 * Makes the challenger of a result the champion. Decision and alias are one write: a killed process has made both or neither, and of two
 * people, the second one finds the decision of the first. Approving again returns the same alias. A failed challenger is not promoted.
 * @throws ModelNotFoundError, VersionNotFoundError, GateNotFoundError, GateStaleError when a newer result exists or the champion is another
 * one, GateFailedError, PromotionDecidedError when it was rejected, RegistryNameError, RegistryBusyError, ModelCorruptError; any error of `check`
 */
export async function approvePromotion(
  registry: Registry,
  request: PromotionDecision,
  check: VersionCheck,
): Promise<Alias> {
  const { modelName, version, decidedBy, reason, now } = request;
  checkTexts({ setBy: decidedBy, reason });
  const storage = storageOf(registry);
  const before = await readAliases(storage, modelName);
  // A repeated approval is answered also when the version was removed since.
  if (approvedAlias(before, request) === null) {
    if (!(await storage.hasFile([modelName, version, "manifest.json"])))
      throw new VersionNotFoundError(modelName, version);
    await check(await readVersion(storage, modelName, version));
  }
  const { moved, made } = await updateAliases<MoveResult>(registry, modelName, (file) => {
    const known = approvedAlias(file, request);
    if (known !== null) return { changed: null, result: { moved: known, made: null } };
    const move = { modelName, alias: "champion" as const, version, setBy: decidedBy, reason, now };
    const { changed, next } = moveAlias(withDecision(file, request, "approved"), move);
    return { changed, result: { moved: next, made: { ...move, before: aliasVersion(file, "champion") } } };
  });
  if (made !== null) await undoMoveToRemoved(storage, made);
  return moved;
}

/**
 * Records that the challenger of a result is not promoted. Rejecting again changes nothing. @throws as approvePromotion;
 * PromotionDecidedError when it was approved
 */
export async function rejectPromotion(registry: Registry, request: PromotionDecision): Promise<GateDecision> {
  checkTexts({ setBy: request.decidedBy, reason: request.reason });
  await readAliases(registry, request.modelName);
  return await updateAliases(registry, request.modelName, (file) => {
    const { decision } = newestEntry(file, request);
    if (decision?.outcome === "rejected") return { changed: null, result: decision };
    if (decision !== null) throw new PromotionDecidedError(request.modelName, request.version, decision);
    const changed = withDecision(file, request, "rejected");
    return { changed, result: newestEntry(changed, request).decision ?? decisionOf(request, "rejected") };
  });
}

/** Returns the alias of an approval that was made already; null when it can be made now. @throws as approvePromotion */
function approvedAlias(file: AliasFile, request: PromotionDecision): Alias | null {
  const { modelName, version } = request;
  const { decision, verdict, champion, summary } = newestEntry(file, request);
  if (decision?.outcome === "approved")
    return { name: "champion", version, setAt: decision.at, setBy: decision.by, reason: decision.reason };
  if (decision !== null) throw new PromotionDecidedError(modelName, version, decision);
  if (verdict === "FAIL") throw new GateFailedError(modelName, version, summary);
  const now = aliasVersion(file, "champion");
  if (now !== champion)
    throw new GateStaleError(
      modelName,
      version,
      `it is about the champion ${champion}, which is now ${now ?? "not set"}`,
    );
  return null;
}

/** Returns the result that a request names. @throws GateNotFoundError, GateStaleError when it is not the newest of its version */
function newestEntry(file: AliasFile, { modelName, version, gateId }: PromotionDecision): GateEntry {
  const own = (file.gates ?? []).filter((entry) => entry.version === version);
  const found = own.find(({ id }) => id === gateId);
  const newest = own.at(-1);
  if (found === undefined || newest === undefined)
    throw new GateNotFoundError(modelName, version, own.length === 0 ? "" : gateId);
  if (found !== newest) throw new GateStaleError(modelName, version, `a newer one was made at ${newest.gatedAt}`);
  return found;
}

const decisionOf = ({ decidedBy, reason, now }: PromotionDecision, outcome: GateDecision["outcome"]): GateDecision => ({
  outcome,
  at: now.toISOString(),
  by: decidedBy,
  reason,
});

function withDecision(file: AliasFile, request: PromotionDecision, outcome: GateDecision["outcome"]): AliasFile {
  const decision = decisionOf(request, outcome);
  const gates = (file.gates ?? []).map((entry) => (entry.id === request.gateId ? { ...entry, decision } : entry));
  return { ...file, gates };
}

async function updateAliases<T>(
  registry: Registry,
  modelName: string,
  change: (file: AliasFile) => { readonly changed: AliasFile | null; readonly result: T },
): Promise<T> {
  const storage = storageOf(registry);
  const aliasFile = aliasFileOf(modelName);
  return await storage.update(aliasFile, MAX_ALIAS_BYTES, (text) => {
    const file = text === null ? NO_ALIASES : parseAliasFile(text, storage.placeOf(aliasFile));
    const { changed, result } = change(file);
    return { text: changed === null ? null : aliasText(changed), result };
  });
}
