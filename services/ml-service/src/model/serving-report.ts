import type { RegistryState } from "@bellwether/registry/storage/cached-storage";
import type { ServingStatus } from "./loaded-models.ts";

/** What readiness and metrics say about the served models. */
export interface ServingReport {
  /** Whether calls for the champion of the default model are answered. */
  readonly isServing: boolean;
  /** One line per fact that a person should know; empty when there is none. */
  readonly details: string;
  /** Whether the last access to the registry succeeded. */
  readonly isRegistryReadable: boolean;
  /** Whether the version of the champion alias is served, by model. */
  readonly isChampionServed: ReadonlyMap<string, boolean>;
}

/**
 * @param registry null: the registry is a folder, whose errors are in `rejection`
 * @param further what is served of the further models
 */
export function servingReport(
  status: ServingStatus,
  registry: RegistryState | null,
  further: readonly ServingStatus[] = [],
): ServingReport {
  const { served, rejection, modelName } = status;
  const stays = served === null ? "no version is served" : `${modelName} ${served.version} is served`;
  const failure = registry?.failure ?? null;
  const lines: string[] = [];
  if (failure !== null) lines.push(`${stays}; since ${failure.since.toISOString()}: ${failure.reason}`);
  // A registry that cannot be read at all is reported once.
  const isKnown = (reason: string): boolean => failure !== null && reason.includes(failure.reason);
  if (rejection !== null && !isKnown(rejection.reason))
    lines.push(`${stays}; ${rejection.version || "the champion"} is not: ${rejection.reason}`);
  for (const one of further) {
    if (one.rejection === null || isKnown(one.rejection.reason)) continue;
    const still = one.served === null ? "no version is served" : `${one.served.version} is served`;
    lines.push(
      `${one.modelName}: ${still}; ${one.rejection.version || "the champion"} is not: ${one.rejection.reason}`,
    );
  }
  if (registry?.cacheFailure) lines.push(registry.cacheFailure);
  return {
    isServing: served !== null,
    details: lines.map((line) => line.replace(/\s+/g, " ")).join("\n"),
    // An alias file that cannot be read has no version to reject.
    isRegistryReadable: failure === null && !(rejection !== null && rejection.version === ""),
    isChampionServed: new Map(
      [status, ...further].map((one) => [one.modelName, one.served !== null && one.rejection === null]),
    ),
  };
}
