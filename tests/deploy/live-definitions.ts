import type { ApiServer } from "./api-server.ts";
import { type Definitions, pruneDefinitions } from "./pruned-definitions.ts";

/**
 * Returns what an API server reports: its version, for example "v1.37.2", and its schemas of the kinds in
 * use.
 */
export async function liveDefinitions({
  request,
}: ApiServer): Promise<{ readonly version: string; readonly definitions: Definitions }> {
  const version = await request("GET", "/version");
  const openapi = await request("GET", "/openapi/v2");
  return {
    version: String(version.body.gitVersion),
    definitions: pruneDefinitions(openapi.body.definitions as Definitions),
  };
}
