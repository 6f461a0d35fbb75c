import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createLocalKeys, issueToken } from "@bellwether/mesh/auth/local-keys";
import type { RoleName } from "@bellwether/mesh/call/caller";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { type ServiceName, type ServiceProcess, startService } from "@bellwether/testing/service-process";

/** The three services as processes with authentication, connected to each other. */
export interface StartedServices extends AsyncDisposable {
  readonly services: Readonly<Record<ServiceName, ServiceProcess>>;
  /** Returns a token that all three accept, valid for an hour. @param scope left out: its caller sees all suppliers */
  token(subject: string, role: RoleName, scope?: SupplierScope): Promise<string>;
}

/** Starts the three services with an empty registry and an empty database. All of them audit calls. */
export async function startServices(): Promise<StartedServices> {
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-roles-"));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const { privateKeyFile, publicKeysFile } = await createLocalKeys(path.join(folder, "keys"));
  const token: StartedServices["token"] = (subject, role, scope) =>
    issueToken(privateKeyFile, { subject, roles: [role], scope, lifetimeS: 3_600 });
  const tokenFile = path.join(folder, "token");
  await writeFile(tokenFile, await token("mesh", "service"));
  await mkdir(path.join(folder, "models"));
  const cluster = starting.use(await startPostgresCluster());
  const shared = {
    BELLWETHER_DATA_DIR: folder,
    BELLWETHER_AUTH_JWKS_FILE: publicKeysFile,
    BELLWETHER_TOKEN_FILE: tokenFile,
    MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}`,
    ...{ BELLWETHER_AUDIT_CALLS: "true", BELLWETHER_AUDIT_SINK: "ops" },
  };
  const ops = starting.use(
    await startService("ops-service", { ...shared, DATABASE_URL: await cluster.createDatabase() }),
  );
  const ml = starting.use(await startService("ml-service", { ...shared, OPS_SERVICE_URL: ops.grpc }));
  const scheduler = starting.use(
    await startService("scheduler-service", {
      ...shared,
      DATABASE_URL: await cluster.createDatabase(),
      OPS_SERVICE_URL: ops.grpc,
      ML_SERVICE_URL: ml.grpc,
      WEEKLY_INPUT_FOLDER: folder,
    }),
  );
  const opened = starting.move();
  return {
    services: { "ops-service": ops, "ml-service": ml, "scheduler-service": scheduler },
    token,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
