import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { createLocalKeys, issueToken } from "@bellwether/mesh/auth/local-keys";
import type { RoleName } from "@bellwether/mesh/call/caller";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { testChunk } from "../services/ops-service/test/ops-harness.ts";
import { type Bench, metric } from "./metric.ts";
import { median } from "./statistics.ts";

const SUPPLIERS = 2_000;
/** A call with a session reads the session from PostgreSQL, which a call with a token does not. */
const GATE = 1.15;
/** Pairs of calls, in turns with a token first and with a session first. */
const PAIRS = 400;
const WARM_UP_PAIRS = 50;

/** The calls that the page makes most. */
const CALLS = {
  list_alerts: ["AlertService/ListAlerts", { pageSize: 200 }],
  get_supplier: ["SupplierService/GetSupplier", { supplierId: "S-1" }],
  list_suppliers: ["SupplierService/ListSuppliers", { pageSize: 50, includeFacets: true }],
} as const;

/** Measures calls with a session cookie against the same calls with a token, alternately in one run. */
export const bench: Bench = async ({ log }) => {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-bench-session-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const { privateKeyFile, publicKeysFile } = await createLocalKeys(path.join(folder, "keys"));
  const tokenOf = (subject: string, role: RoleName) =>
    issueToken(privateKeyFile, { subject, roles: [role], lifetimeS: 3_600 });
  const cluster = opened.use(await startPostgresCluster());
  const ops = opened.use(
    await startService("ops-service", {
      DATABASE_URL: await cluster.createDatabase(),
      BELLWETHER_DATA_DIR: folder,
      BELLWETHER_AUTH_JWKS_FILE: publicKeysFile,
    }),
  );
  await publishWeek(ops.grpc, await tokenOf("loader", "service"));
  const token = await tokenOf("ada", "analyst");
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  opened.defer(async () => agent.destroy());
  const post = (url: string, headers: http.OutgoingHttpHeaders, body: string) => send(agent, url, headers, body);
  const json = { "content-type": "application/json", origin: ops.web };
  const signedIn = await post(`${ops.web}/auth/token`, json, JSON.stringify({ token }));
  const cookie = signedIn.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  const credentials = [
    { ...json, authorization: `Bearer ${token}` },
    { ...json, cookie },
  ] as const;
  const metrics = [];
  for (const [name, [rpc, request]] of Object.entries(CALLS)) {
    const url = `${ops.web}/bellwether.ops.v1.${rpc}`;
    const body = JSON.stringify(request);
    const { tokenMs, sessionMs } = await medians(...credentials, (headers) => post(url, headers, body));
    log(`${name}: ${tokenMs.toFixed(3)} ms with a token, ${sessionMs.toFixed(3)} ms with a session`);
    metrics.push(
      metric({
        name: `session_to_token_${name}`,
        ...{
          value: sessionMs / tokenMs,
          unit: "ratio",
          gate: GATE,
          better: "lower",
          peer: "the same call with a token",
        },
      }),
    );
  }
  return metrics;
};

/** Makes the calls alternately, so that other load on the machine slows both, and returns the median time of each. */
async function medians(
  token: http.OutgoingHttpHeaders,
  session: http.OutgoingHttpHeaders,
  call: (headers: http.OutgoingHttpHeaders) => Promise<unknown>,
): Promise<{ readonly tokenMs: number; readonly sessionMs: number }> {
  const times = new Map<object, number[]>([
    [token, []],
    [session, []],
  ]);
  for (let pair = 0; pair < WARM_UP_PAIRS + PAIRS; pair++) {
    for (const headers of pair % 2 === 0 ? [token, session] : [session, token]) {
      const start = performance.now();
      await call(headers);
      if (pair >= WARM_UP_PAIRS) times.get(headers)?.push(performance.now() - start);
    }
  }
  return { tokenMs: median(times.get(token) ?? []), sessionMs: median(times.get(session) ?? []) };
}

/** Publishes a week in which a tenth of the suppliers has alerts. */
async function publishWeek(grpcUrl: string, token: string): Promise<void> {
  const withToken: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const batch = createClient(BatchService, createGrpcTransport({ baseUrl: grpcUrl, interceptors: [withToken] }));
  const { lease } = await batch.startRun({ isoWeek: "2026-W40", modelName: "supplier-risk", holder: "bench" });
  const rows = Array.from({ length: SUPPLIERS }, (_, i) => ({
    ...{ id: `S-${i}`, score: i % 10 === 0 ? 0.95 : 0.3, values: [0.4, i, 3, 0] },
  }));
  await batch.submitChunk(testChunk(lease, 0, rows));
  await batch.completeRun({ ...(lease && { lease }), rowsRead: BigInt(SUPPLIERS), rowsRejected: 0n, chunksTotal: 1 });
}

/** Posts a request and reads the whole answer. @throws Error for a status other than 200 */
function send(
  agent: http.Agent,
  url: string,
  headers: http.OutgoingHttpHeaders,
  body: string,
): Promise<{ readonly headers: http.IncomingHttpHeaders; readonly bytes: number }> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: "POST", agent, headers }, (answer) => {
      let bytes = 0;
      answer.on("data", (part: Buffer) => {
        bytes += part.length;
      });
      answer.once("end", () => {
        if (answer.statusCode === 200) resolve({ headers: answer.headers, bytes });
        else reject(new Error(`${url}: ${answer.statusCode}`));
      });
    });
    request.once("error", reject).end(body);
  });
}
