import type { MeshTransportOptions } from "../client/mesh-transport.ts";
import type { OutageLog } from "../errors/peer-outage.ts";
import type { AuthSettings } from "../policies/authentication.ts";

export interface ApiKeySourceOptions {
  /** The gRPC listener of ops-service. */
  readonly opsUrl: string;
  /** Credentials of this service for ops-service, with the role "service". */
  readonly calls: Pick<MeshTransportOptions, "tls" | "token" | "allowCleartext">;
  /** Time for which the last list of keys is used while ops-service does not answer, milliseconds. */
  readonly holdMs: number;
  readonly log: OutageLog;
}

/** Returns settings of authentication that accept the API keys of ops-service too, until `opened` is disposed. */
export async function acceptApiKeys(
  auth: AuthSettings,
  { opsUrl, calls, holdMs, log }: ApiKeySourceOptions,
  opened: AsyncDisposableStack,
): Promise<AuthSettings> {
  // Loaded only with authentication: a service without it starts sooner.
  const [{ createMeshTransport }, { createApiKeyList }, { watchApiKeys }] = await Promise.all([
    import("../client/mesh-transport.ts"),
    import("../auth/api-key-list.ts"),
    import("../auth/watch-api-keys.ts"),
  ]);
  const list = createApiKeyList({ holdMs });
  const transport = opened.use(createMeshTransport({ url: opsUrl, ...calls }));
  opened.use(watchApiKeys({ transport, list, log }));
  return { ...auth, credentials: [...(auth.credentials ?? []), list] };
}
