/** The removal of a version as an event of the audit log. */
export interface VersionEvent {
  readonly eventId: string;
  readonly kind: "model.version_removed";
  /** Who removed it, 1 to 256 bytes. */
  readonly actor: string;
  /** "model/NAME". */
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly occurredAtMs: number;
  readonly payload: { readonly model: string; readonly version: string; readonly reason: string };
}

/** A version that somebody removes. */
export interface VersionRemoval {
  readonly modelName: string;
  readonly version: string;
  readonly removedBy: string;
  readonly reason: string;
}

export interface RemovalPorts {
  /** Returns a run that the version has scored; null: none. */
  readonly findScoredRun: (modelName: string, version: string, signal: AbortSignal) => Promise<string | null>;
  /** Checks that the version exists and that no alias points at it. */
  readonly checkAliases: (modelName: string, version: string) => Promise<void>;
  readonly append: (events: readonly VersionEvent[], signal: AbortSignal) => Promise<void>;
  readonly remove: (removal: VersionRemoval) => Promise<void>;
  /** Returns the error for a version that a run needs. */
  readonly needed: (modelName: string, version: string, why: string) => Error;
  readonly newId: () => string;
  readonly now: () => number;
}

/**
 * Removes a version that neither an alias nor a run needs. The event is recorded first: nothing is removed that the audit log does not
 * have. @throws the errors of the ports
 */
export async function removeUnneeded(
  { findScoredRun, checkAliases, append, remove, needed, newId, now }: RemovalPorts,
  removal: VersionRemoval,
  isDryRun: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { modelName, version, removedBy, reason } = removal;
  await checkAliases(modelName, version);
  const run = await findScoredRun(modelName, version, signal);
  if (run !== null) throw needed(modelName, version, `it has scored ${run}`);
  if (isDryRun) return;
  const event: VersionEvent = {
    ...{ eventId: newId(), kind: "model.version_removed", actor: removedBy, subject: `model/${modelName}` },
    ...{ occurredAtMs: now(), payload: { model: modelName, version, reason } },
  };
  await append([event], signal);
  await remove(removal);
}
