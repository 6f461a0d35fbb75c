import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { hasOpenssl, makeCertificates } from "@bellwether/testing/echo/test-certificates";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import type { FloodKind, FloodOrder } from "./flooder.ts";
import { atMost, type Finding, openLoop, percentile, type Replica, type Scenario, startReplica } from "./harness.ts";

const SECONDS = 5;
const KINDS: readonly FloodKind[] = ["reset", "CONTINUATION", "SETTINGS", "PING"];

interface FloodedListener {
  readonly port: number;
  readonly ca?: string;
  readonly honest: Transport;
}

/** Floods both listeners with each kind of HTTP/2 flood for 5 s while an honest client calls. */
export const floods: Scenario = async () => {
  if (!hasOpenssl()) throw new Error("openssl is needed for HTTP/2 at the web listener");
  const findings: Finding[] = [];
  const { ca, tls: files } = certificateFiles();
  const clear = await startReplica();
  const secured = await startReplica({ tls: files });
  const base = (replica: Replica, listener: "grpcPort" | "webPort", scheme: string) =>
    `${scheme}://localhost:${replica.ready[listener]}`;
  const listeners: Readonly<Record<string, { replica: Replica; flooded: FloodedListener }>> = {
    grpc: {
      replica: clear,
      flooded: {
        port: clear.ready.grpcPort,
        honest: createGrpcTransport({ baseUrl: base(clear, "grpcPort", "http") }),
      },
    },
    web: {
      replica: secured,
      flooded: {
        port: secured.ready.webPort,
        ca,
        honest: createConnectTransport({
          baseUrl: base(secured, "webPort", "https"),
          httpVersion: "2",
          nodeOptions: { ca },
        }),
      },
    },
  };
  for (const [name, { replica, flooded }] of Object.entries(listeners)) {
    for (const kind of KINDS)
      findings.push(...(await floodOne(`flood.${kind.toLowerCase()}.${name}`, replica, flooded, kind)));
  }
  await clear.stop();
  await secured.stop();
  return findings;
};

async function floodOne(
  name: string,
  replica: Replica,
  { port, ca, honest }: FloodedListener,
  kind: FloodKind,
): Promise<Finding[]> {
  const client = createClient(EchoService, honest);
  for (let warm = 0; warm < 100; warm++) await client.echo({ id: "warm" });
  const paidBefore = (await replica.stats()).started.Increment ?? 0;
  const workerData: FloodOrder = { kind, port, seconds: SECONDS, ...(ca !== undefined && { ca }) };
  const flooder = new Worker(new URL("flooder.ts", import.meta.url), { workerData });
  const flooded = once(flooder, "message");
  const outcomes = await openLoop(50, SECONDS, () => client.echo({ id: "honest" }, { timeoutMs: 2_000 }));
  const [frames] = await flooded;
  const paid = ((await replica.stats()).started.Increment ?? 0) - paidBefore;
  const failed = outcomes.filter(({ code }) => code !== 0).length;
  const p99 = percentile(
    outcomes.map(({ tookMs }) => tookMs),
    0.99,
  );
  return [
    atMost(`${name}.honest_p99_ms`, p99, `ms beside ${frames} hostile frames`, 500),
    atMost(`${name}.honest_failures`, failed, `of ${outcomes.length} calls`, 0),
    atMost(`${name}.paid_handlers`, paid, "handlers run for it", 0),
  ];
}

function certificateFiles() {
  const certificates = makeCertificates();
  const folder = mkdtempSync(path.join(os.tmpdir(), "bellwether-flood-"));
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  return {
    ca: certificates.ca,
    tls: { cert: file("cert.pem", certificates.server.cert), key: file("key.pem", certificates.server.key) },
  };
}
