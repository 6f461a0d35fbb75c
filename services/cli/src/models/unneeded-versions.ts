/** A version of a registry. */
export interface ListedVersion {
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly publishedAt: string;
}

/** A move of an alias. */
export interface ListedMove {
  readonly version: string;
  /** Version that the alias pointed at before. Null: none, or not known. */
  readonly from: string | null;
  /** ISO 8601, UTC. */
  readonly setAt: string;
}

/** Which versions are kept whatever uses them. */
export interface PrunePolicy {
  /** Number of the newest versions that are kept. */
  readonly keepNewest: number;
  /** Days since a version was published, and since an alias last pointed at it, after which it may be removed. */
  readonly olderThanDays: number;
}

/** Why a version is kept; null: it may be removed if no run and no audit event needs it. */
export interface VersionDecision extends ListedVersion {
  readonly keptBecause: string | null;
}

const DAY_MS = 86_400_000;

/**
 * Decides which versions may be removed.
 * @param versions newest first
 * @param aliased the versions that aliases point at, by the name of the alias
 * @param moves every move of an alias that the registry has
 */
export function decideVersions(
  versions: readonly ListedVersion[],
  aliased: ReadonlyMap<string, string>,
  moves: readonly ListedMove[],
  { keepNewest, olderThanDays }: PrunePolicy,
  now: Date,
): VersionDecision[] {
  const youngest = now.getTime() - olderThanDays * DAY_MS;
  const isYoung = (time: string): boolean => !(Date.parse(time) <= youngest);
  return versions.map(({ version, publishedAt }, i) => {
    const alias = [...aliased].find(([, target]) => target === version)?.[0];
    const left = moves.find((move) => (move.version === version || move.from === version) && isYoung(move.setAt));
    const reasons = [
      alias !== undefined && `it is the ${alias}`,
      i < keepNewest && `it is one of the ${keepNewest} newest versions`,
      isYoung(publishedAt) && `it was published less than ${olderThanDays} days ago`,
      left !== undefined && `an alias pointed at it less than ${olderThanDays} days ago`,
    ];
    return { version, publishedAt, keptBecause: reasons.find((reason) => typeof reason === "string") || null };
  });
}
