import type { ApiAnswer, ApiServer } from "./api-server.ts";
import type { Manifest } from "./manifest.ts";

/** The result of one request for an object: the object as stored, or the reasons why it was rejected. */
export interface ClusterAnswer {
  readonly object?: Manifest;
  /** One line per rejection or warning. */
  readonly found: readonly string[];
}

/** The few requests of `kubectl` that the test needs. */
export interface ClusterClient {
  /** Applies an object as `kubectl apply --server-side --validate=strict` does. */
  apply(manifest: Manifest): Promise<ClusterAnswer>;
  read(manifest: Manifest): Promise<ClusterAnswer>;
  /** Writes the status of an object, as a controller does. */
  setStatus(manifest: Manifest, status: unknown): Promise<ClusterAnswer>;
  /**
   * Asks whether the server would admit a pod, without creating it. Returns the reasons why not; empty:
   * admitted.
   */
  tryPod(pod: unknown): Promise<readonly string[]>;
}

const NAMESPACE = "bellwether";

/** Creates a client that reads the API's resources from the server. */
export async function createClusterClient({ request }: ApiServer): Promise<ClusterClient> {
  const resources = new Map<string, Resource[]>();
  const resourcesOf = async (apiVersion: string): Promise<Resource[]> => {
    const known = resources.get(apiVersion);
    if (known) return known;
    const { body } = await request("GET", groupPath(apiVersion));
    const listed = (body.resources ?? []) as Resource[];
    resources.set(apiVersion, listed);
    return listed;
  };
  const pathOf = async ({ apiVersion, kind, metadata }: Manifest): Promise<string> => {
    const resource = (await resourcesOf(apiVersion)).find((known) => known.kind === kind && !known.name.includes("/"));
    if (!resource) throw new Error(`the API server has no ${apiVersion} ${kind}`);
    const namespace = resource.namespaced ? `/namespaces/${metadata.namespace}` : "";
    return `${groupPath(apiVersion)}${namespace}/${resource.name}/${metadata.name}`;
  };
  return {
    async apply(manifest) {
      const query = "fieldManager=bellwether&fieldValidation=Strict";
      const url = `${await pathOf(manifest)}?${query}`;
      return toAnswer(manifest, await request("PATCH", url, manifest, "application/apply-patch+yaml"));
    },
    read: async (manifest) => toAnswer(manifest, await request("GET", await pathOf(manifest))),
    async setStatus(manifest, status) {
      const url = `${await pathOf(manifest)}/status`;
      return toAnswer(manifest, await request("PATCH", url, { status }, "application/merge-patch+json"));
    },
    async tryPod(pod) {
      const url = `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All&fieldValidation=Strict`;
      const named = { ...(pod as Manifest), metadata: { ...(pod as Manifest).metadata, generateName: "try-" } };
      return rejections(await request("POST", url, named));
    },
  };
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const groupPath = (apiVersion: string): string =>
  apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

function toAnswer({ kind, metadata }: Manifest, answer: ApiAnswer): ClusterAnswer {
  const found = rejections(answer).map((text) => `${kind} ${metadata.name}: ${text}`);
  return found.length > 0 ? { found } : { object: answer.body as unknown as Manifest, found };
}

function rejections({ status, warnings, body }: ApiAnswer): string[] {
  return status < 300 ? [...warnings] : [`${status} ${body.message}`];
}
