import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "@bellwether/mesh/auth/local-keys";
import { readPublicKeys } from "@bellwether/mesh/auth/public-keys";
import type { RoleName } from "@bellwether/mesh/call/caller";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type OpsHarness, startOps } from "./ops-harness.ts";

/** An ops-service that requires tokens, with the clients of its callers. */
export interface OpsWithPeople extends OpsHarness {
  /** Returns the client of a caller with this subject and role. */
  as(subject: string, role: RoleName): Promise<Client<typeof AlertService>>;
  /** Returns a token of a caller with this subject and role. @param scope left out: the caller sees all suppliers */
  tokenOf(subject: string, role: RoleName, scope?: SupplierScope): Promise<string>;
}

/** Starts an ops-service that requires tokens. Its own clients have the role admin. */
export async function startWithPeople(
  databaseUrl: string,
  over: Parameters<typeof startOps>[1] = {},
): Promise<OpsWithPeople> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "ops-people-"));
  const files = await createLocalKeys(path.join(folder, "keys"));
  const keys = await readPublicKeys(files.publicKeysFile);
  const tokens = { keys, issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE, rolesClaim: "roles" };
  const tokenOf = (subject: string, role: RoleName, scope?: SupplierScope) =>
    issueToken(files.privateKeyFile, { subject, roles: [role], scope, lifetimeS: 3_600 });
  const ops = await startOps(
    databaseUrl,
    { auth: { tokens, identities: {} }, ...over },
    await tokenOf("admin", "admin"),
  );
  return {
    ...ops,
    tokenOf,
    async as(subject, role) {
      const token = await tokenOf(subject, role);
      const transport = createGrpcTransport({
        baseUrl: ops.grpcUrl,
        interceptors: [
          (next) => (request) => {
            request.header.set("authorization", `Bearer ${token}`);
            return next(request);
          },
        ],
      });
      return createClient(AlertService, transport);
    },
    async [Symbol.asyncDispose]() {
      await ops[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
