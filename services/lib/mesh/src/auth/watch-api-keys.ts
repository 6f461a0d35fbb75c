import { setTimeout as delay } from "node:timers/promises";
import type { ApiKeyEntry } from "@bellwether/gen/bellwether/ops/v1/api_key_pb";
import { ApiKeyService } from "@bellwether/gen/bellwether/ops/v1/api_key_service_pb";
import { Role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import type { RoleName } from "../call/caller.ts";
import { supplierScope } from "../call/supplier-scope.ts";
import { createPeerOutage, type OutageLog } from "../errors/peer-outage.ts";
import type { AcceptedKey, ApiKeyList, KeyUse } from "./api-key-list.ts";

export interface ApiKeyWatchOptions {
  /** Connects to ops-service, with credentials of the role "service". */
  readonly transport: Transport;
  /** Receives the keys. */
  readonly list: ApiKeyList;
  readonly log: OutageLog;
  /** Interval at which uses of keys are reported. Default one minute. */
  readonly reportMs?: number;
}

/** First and longest pause before the watch is opened again: a revoked key is rejected within 5 s. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
/** A watch without a message for this time counts as broken: two messages that keep it open, and some delay. */
const SILENCE_MS = 45_000;
const REPORT_MS = 60_000;

const ROLES: Readonly<Record<Role, RoleName | undefined>> = {
  [Role.UNSPECIFIED]: undefined,
  [Role.VIEWER]: "viewer",
  [Role.ANALYST]: "analyst",
  [Role.ADMIN]: "admin",
  [Role.SERVICE]: "service",
  [Role.RUNNER]: undefined,
  [Role.PROMOTER]: undefined,
};

/**
 * Keeps a list of API keys equal to that of ops-service: watches it, opens the watch again whenever it ends, and
 * reports the uses of the keys. An outage is logged once.
 */
export function watchApiKeys({ transport, list, log, reportMs = REPORT_MS }: ApiKeyWatchOptions): AsyncDisposable {
  const client = createClient(ApiKeyService, transport);
  const stopped = new AbortController();
  const { signal } = stopped;
  const watching = keepWatching(client, list, log, signal);
  const reporting = keepReporting(client, list, reportMs, signal);
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await Promise.all([watching, reporting]);
    },
  };
}

async function keepWatching(
  client: Client<typeof ApiKeyService>,
  list: ApiKeyList,
  log: OutageLog,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  const outage = createPeerOutage({ logger: log, text: "the list of API keys cannot be watched" });
  while (!signal.aborted) {
    const silence = new AbortController();
    const restart = (): NodeJS.Timeout => setTimeout(() => silence.abort(), SILENCE_MS).unref();
    let timer = restart();
    let failure: unknown;
    try {
      for await (const message of client.watchApiKeys({}, { signal: AbortSignal.any([signal, silence.signal]) })) {
        clearTimeout(timer);
        timer = restart();
        if (message.list) list.replace(message.list.entries.flatMap(keyFromProto));
        else list.confirm();
        if (outage.end()) log.info({}, "the list of API keys is watched again");
        pauseMs = FIRST_PAUSE_MS;
      }
    } catch (error) {
      failure = error;
    } finally {
      clearTimeout(timer);
    }
    if (signal.aborted) return;
    if (failure !== undefined) outage.report(ConnectError.from(failure));
    await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {});
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}

async function keepReporting(
  client: Client<typeof ApiKeyService>,
  list: ApiKeyList,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  const unreported = new Map<string, number>();
  while (!signal.aborted) {
    await delay(everyMs, undefined, { signal, ref: false }).catch(() => {});
    for (const { id, usedAtMs } of list.takeUses()) unreported.set(id, usedAtMs);
    if (unreported.size === 0) continue;
    const uses = [...unreported].slice(0, MAX_REPORTED).map(([id, usedAtMs]): KeyUse => ({ id, usedAtMs }));
    const sent = uses.map(({ id, usedAtMs }) => ({ keyId: id, usedAt: timestampFromMs(usedAtMs) }));
    // Uses that could not be reported are reported with the next ones.
    const isSent = await client.recordApiKeyUse({ uses: sent }).then(
      () => true,
      () => false,
    );
    if (isSent) for (const { id } of uses) unreported.delete(id);
    else while (unreported.size > MAX_REPORTED) unreported.delete(unreported.keys().next().value ?? "");
  }
}

const MAX_REPORTED = 1_000;

function keyFromProto({ keyId, name, prefix, sha256, role, scope, expiresAt }: ApiKeyEntry): AcceptedKey[] {
  const roleName = ROLES[role];
  if (roleName === undefined || !expiresAt || sha256.length !== 32) return [];
  const key = { id: keyId, name, prefix, sha256, role: roleName, scope: scope && supplierScope(scope) };
  return [{ ...key, expiresAtMs: timestampMs(expiresAt) }];
}
