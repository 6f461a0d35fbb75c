import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { createMeshTransport, type MeshTransportOptions } from "@bellwether/mesh/client/mesh-transport";
import { MAX_HISTORY } from "@bellwether/registry/aliases/alias-file";
import { aliasHistory } from "@bellwether/registry/aliases/alias-history";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { readVersion, resolveVersion } from "@bellwether/registry/versions/read-version";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { aliasCheck } from "@bellwether/scoring/model/alias-check";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import type { BandLimits } from "@bellwether/scoring/publish/band-change";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { peerError } from "../remote/peer-error.ts";

/** Maximum number of changes that a registry has: two full histories. */
const MAX_CHANGES = 2 * MAX_HISTORY;

/** Pattern of a version name; every other name is an alias. */
const VERSION = /^v[1-9]\d*$/;

/** Reads and changes champions, in a registry folder or through the services. */
export interface Champions extends Disposable {
  /** Resolves an alias to its version. `wanted` may be a version already. */
  versionOf(model: string, wanted: string): Promise<string>;
  /** Returns the changes of a model's aliases, newest first. */
  history(model: string): Promise<readonly AliasChange[]>;
  /** Returns the band limits of a version; null when they are not known. */
  bandsOf(model: string, version: string): Promise<BandLimits | null>;
  /** Makes a version the champion. With `expected`, only when the current champion is that version. */
  set(move: ChampionMove): Promise<{ readonly version: string; readonly setAt: string }>;
}

/** One change of an alias. */
export interface AliasChange {
  readonly alias: string;
  /** Version before the change. Null: none, or not known. */
  readonly from: string | null;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly setAt: string;
  readonly setBy: string;
  readonly reason: string;
}

export interface ChampionMove {
  readonly model: string;
  readonly version: string;
  readonly reason: string;
  readonly expected?: string | undefined;
}

/** Champions in a registry folder. `setBy` is recorded as the author of each change. */
export function championsInFolder(root: Registry, setBy: string): Champions {
  return {
    versionOf: (model, wanted) => resolveVersion(root, model, wanted),
    history: async (model) =>
      aliasHistory(await readAliases(root, model)).map(({ name, ...move }) => ({ alias: name, ...move })),
    bandsOf: async (model, version) => parseFeatureBundle((await readVersion(root, model, version)).bundleJson).bands,
    set: ({ model: modelName, version, reason, expected }) =>
      setAlias(
        root,
        {
          ...{ modelName, alias: "champion", version, setBy, reason, now: new Date() },
          ...(expected !== undefined && { expectedVersion: expected }),
        },
        aliasCheck(checkScoringModel),
      ),
    [Symbol.dispose]: () => {},
  };
}

/**
 * Returns access to the champions of a registry through the services: ml-service reads them,
 * scheduler-service changes them. The caller's token is the author of each change.
 */
export function championsOfServices(
  mlUrl: string,
  schedulerUrl: string,
  calls: Pick<MeshTransportOptions, "tls" | "token" | "allowCleartext">,
): Champions {
  using opening = new DisposableStack();
  const open = (url: string) => opening.use(createMeshTransport({ url, ...calls }));
  const reads = createClient(ModelRegistryService, open(mlUrl));
  const writes = createClient(ModelPublishingService, open(schedulerUrl));
  const opened = opening.move();
  return {
    async versionOf(modelName, wanted) {
      // A version number is not looked up: scheduler-service checks it, and reports why when ml-service
      // cannot read the version.
      if (VERSION.test(wanted)) return wanted;
      const { version } = await answerOf("ml-service", mlUrl, reads.getVersion({ modelName, version: wanted }));
      return version?.version ?? wanted;
    },
    async history(modelName) {
      const changes: AliasChange[] = [];
      let pageToken = "";
      do {
        const request = reads.listProductionHistory({ modelName, pageSize: 200, pageToken, allAliases: true });
        const { moves, champions, nextPageToken } = await answerOf("ml-service", mlUrl, request);
        // A server of an earlier release sends only the champions, without the version before.
        if (moves.length === 0)
          for (const { name: alias, version, setAt, setBy, reason } of champions)
            changes.push({
              alias,
              from: null,
              version,
              setAt: setAt ? timestampDate(setAt).toISOString() : "",
              setBy,
              reason,
            });
        for (const { alias, fromVersion, toVersion, movedAt, movedBy, reason } of moves)
          changes.push({
            ...{ alias, from: fromVersion || null, version: toVersion, setBy: movedBy, reason },
            setAt: movedAt ? timestampDate(movedAt).toISOString() : "",
          });
        pageToken = nextPageToken;
      } while (pageToken !== "" && changes.length < MAX_CHANGES);
      return changes;
    },
    async bandsOf(modelName, version) {
      const { bands } = await answerOf("ml-service", mlUrl, reads.getVersion({ modelName, version }));
      return bands ?? null;
    },
    async set({ model: modelName, version, reason, expected }) {
      const request = { modelName, alias: "champion", version, reason };
      const call = writes.setAlias({ ...request, ...(expected !== undefined && { expectedVersion: expected }) });
      const { alias } = await answerOf("scheduler-service", schedulerUrl, call);
      const setAt = alias?.setAt ? timestampDate(alias.setAt) : new Date();
      return { version: alias?.version ?? version, setAt: setAt.toISOString() };
    },
    [Symbol.dispose]: () => opened.dispose(),
  };
}

/** Returns a service's answer. @throws an error for a person, with the ConnectError as its cause */
async function answerOf<T>(service: string, url: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    const option = service === "ml-service" ? "--ml" : "--scheduler";
    throw await peerError(cause, { service, url, option, listener: "grpc" });
  }
}
