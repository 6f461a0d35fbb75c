import type { ApiKeySchema } from "@bellwether/gen/bellwether/ops/v1/api_key_pb";
import { type ApiKeyService, ListApiKeysRequestSchema } from "@bellwether/gen/bellwether/ops/v1/api_key_service_pb";
import { Role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import type { AcceptedKey, KeyUse } from "@bellwether/mesh/auth/api-key-list";
import { actorOf, callerOf, type RoleName } from "@bellwether/mesh/call/caller";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import { supplierScope } from "@bellwether/mesh/call/supplier-scope";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { type ApiKey, newApiKey } from "../../domain/access/api-key.ts";
import { scopeToProto } from "../messages/scope-to-proto.ts";
import { createdFromKey, pageOf } from "../page-token.ts";

export interface ApiKeyDependencies {
  /** @throws ApiKeyNameTakenError, ApiKeyLimitError */
  readonly createKey: (key: ApiKey) => Promise<void>;
  /** @throws ApiKeyNotFoundError */
  readonly revokeKey: (keyId: string, revokedBy: string, now: Date) => Promise<ApiKey>;
  readonly listKeys: (
    query: { readonly includeEnded: boolean; readonly after?: { readonly createdMs: number; readonly id: string } },
    now: Date,
    limit: number,
  ) => Promise<readonly ApiKey[]>;
  /** Streams the accepted keys: at once, and after each change. */
  readonly watchKeys: (signal: AbortSignal) => AsyncIterable<readonly AcceptedKey[]>;
  readonly recordUses: (uses: readonly KeyUse[], now: Date) => Promise<void>;
  /** Reads the keys again after a change, so that this replica has it when the call is answered. */
  readonly refresh: () => Promise<void>;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 50;

const ROLES: Readonly<Record<RoleName, Role>> = {
  viewer: Role.VIEWER,
  analyst: Role.ANALYST,
  admin: Role.ADMIN,
  service: Role.SERVICE,
};

/** Returns the handlers of ApiKeyService over the keys of the database. */
export function apiKeyHandlers(deps: ApiKeyDependencies): ServiceImpl<typeof ApiKeyService> {
  return {
    async createApiKey({ name, role, scope, expiresAt }, context) {
      const createdBy = actorOf(callerOf(context));
      const wanted = {
        ...{ name, role: roleFromProto(role), createdBy },
        ...{ scope: scope && supplierScope(scope), expiresAt: expiresAt && timestampDate(expiresAt) },
      };
      const { key, secret } = newApiKey(wanted, deps.now());
      await deps.createKey(key);
      await deps.refresh();
      return { apiKey: keyToProto(key), secret };
    },
    async listApiKeys(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListApiKeysRequestSchema, request);
      const after = createdFromKey(tokens.read(request.pageToken, 2));
      const rows = await deps.listKeys(
        { includeEnded: request.includeEnded, ...(after && { after }) },
        deps.now(),
        size + 1,
      );
      const page = pageOf(rows, size, tokens, ({ createdAt, id }) => [createdAt.getTime(), id]);
      return { apiKeys: page.items.map(keyToProto), nextPageToken: page.nextPageToken };
    },
    async revokeApiKey({ keyId }, context) {
      const revoked = await deps.revokeKey(keyId, actorOf(callerOf(context)), deps.now());
      await deps.refresh();
      return { apiKey: keyToProto(revoked) };
    },
    async *watchApiKeys(_request, { signal }) {
      for await (const keys of deps.watchKeys(signal)) yield { list: { entries: keys.map(entryToProto) } };
    },
    async recordApiKeyUse({ uses }) {
      const known = uses.flatMap(({ keyId, usedAt }) => (usedAt ? [{ id: keyId, usedAtMs: timestampMs(usedAt) }] : []));
      if (known.length > 0) await deps.recordUses(known, deps.now());
      return {};
    },
  };
}

/** The contract allows only the roles of the table. */
function roleFromProto(role: Role): RoleName {
  for (const name of ["viewer", "analyst", "admin", "service"] as const) if (ROLES[name] === role) return name;
  throw new Error(`role ${role} passed the contract`);
}

function keyToProto(key: ApiKey): MessageInitShape<typeof ApiKeySchema> {
  const { id, name, prefix, role, scope, createdAt, createdBy, expiresAt, lastUsedAt, revokedAt, revokedBy } = key;
  return {
    ...(scope && { scope: scopeToProto(scope) }),
    ...{ keyId: id, name, prefix, role: ROLES[role], createdBy, revokedBy },
    createdAt: timestampFromDate(createdAt),
    expiresAt: timestampFromDate(expiresAt),
    ...(lastUsedAt && { lastUsedAt: timestampFromDate(lastUsedAt) }),
    ...(revokedAt && { revokedAt: timestampFromDate(revokedAt) }),
  };
}

function entryToProto({ id, name, prefix, sha256, role, scope, expiresAtMs }: AcceptedKey) {
  return {
    ...(scope && { scope: scopeToProto(scope) }),
    keyId: id,
    name,
    prefix,
    sha256: Uint8Array.from(sha256),
    role: ROLES[role],
    expiresAt: timestampFromMs(expiresAtMs),
  };
}
