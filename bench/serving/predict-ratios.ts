import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  InferenceService,
  PredictRequestSchema,
  type PredictResponse,
  PredictResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { firstMessage, spawnNode } from "@bellwether/testing/node-process";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { h2loadVersion } from "../h2load.ts";
import { type Metric, metric } from "../metric.ts";
import { median } from "../statistics.ts";
import { startAuditStandIn } from "./audit-sink.ts";
import {
  bindToLoadCpu,
  bodyFile,
  frameFile,
  load,
  type Measured,
  ON_SERVER_CPU,
  type Shape,
  type Target,
  warmUp,
} from "./load.ts";
import { type MlService, startMlService } from "./ml-service.ts";
import { measurePeers } from "./predict-peers.ts";
import { drawFeatures, drawText, FEATURES, publishServingModel } from "./serving-model.ts";

const ROUNDS = 5;
/** Load before the measurement: on one core, the JIT compiler and the garbage collector need seconds. */
const COLD_SECONDS = 6;
const BUSY: Shape = { connections: 8, streams: 16 };
const ALONE: Shape = { connections: 1, streams: 1 };

/** The supplier of all calls: 16 numbers and 1 kB of text. */
export const SUPPLIER = {
  supplierId: "supplier-000123",
  features: Object.fromEntries(FEATURES.map((name, i) => [name, drawFeatures(1, "supplier of the calls")[i] ?? 0])),
  contractText: drawText(1_024, "text of the calls"),
};

/**
 * Measures Predict at the gRPC listener against bare grpc-js with the same messages, and POST /predict against other
 * servers. Each server has one core, the load the other; the audit events go to a stand-in on the core of the load.
 */
export async function measurePredict(log: (line: string) => void): Promise<Metric[]> {
  const reason = reasonNotToMeasure();
  if (reason !== undefined) return unmeasured(reason);
  const root = await mkdtemp(path.join(os.tmpdir(), "bench-predict-"));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(root, { recursive: true, force: true }));
  log("training a model of 100 trees of depth 6, with 16 features and a text");
  await publishServingModel(root, true);
  const standIn = opened.use(await startAuditStandIn());
  const audited = { BELLWETHER_AUDIT_SINK: "ops", OPS_SERVICE_URL: standIn.url };
  const ml = opened.use(await startMlService(root, audited, ON_SERVER_CPU));
  const { request, response } = await answerOf(ml);
  const echo = await startEcho(root, response);
  opened.defer(() => echo.child.disconnect());
  bindToLoadCpu(process.pid);

  const frame = await frameFile(request);
  const url = (base: string): string => `${base}/${InferenceService.typeName}/Predict`;
  const common = { bodyFile: frame, contentType: "application/grpc", http1: false };
  const bare: Target = { ...common, name: "bare grpc-js", pid: echo.child.pid ?? 0, url: url(echo.url) };
  const ours: Target = { ...common, name: "Predict", pid: ml.pid, url: url(ml.grpc) };
  const peer = `grpc-js ${grpcVersion()}, ${h2loadVersion()}`;
  for (const target of [bare, ours]) await warmUp(target, BUSY, COLD_SECONDS);
  const busy = await compare([bare, ours], BUSY, log);
  const alone = await compare([bare, ours], ALONE, log);
  const bytes = standIn.bytes();
  if (bytes === 0) throw new Error("no audit event has arrived");
  log(`audit events: ${Math.round(bytes / 1e6)} MB`);
  const ratio = (pairs: readonly Pair[], of: (measured: Measured) => number): number =>
    median(pairs.map(({ bare, ours }) => of(ours) / of(bare)));
  const flat = { ...SUPPLIER.features, supplier_id: SUPPLIER.supplierId, contract_text: SUPPLIER.contractText };
  const post: Target = {
    ...{ name: "POST /predict", pid: ml.pid, url: `${ml.web}/predict`, contentType: "application/json", http1: true },
    bodyFile: await bodyFile(Buffer.from(JSON.stringify(flat))),
  };
  return [
    metric({
      ...{ name: "predict.throughput", value: ratio(busy, ({ callsPerSecond }) => callsPerSecond), unit: "ratio" },
      ...{ peer, gate: 0.5, stretch: 0.7, better: "higher" },
    }),
    metric({
      ...{ name: "predict.latency", value: ratio(alone, ({ p50Us }) => p50Us), unit: "ratio of p50" },
      ...{ peer, gate: 2.5, stretch: 1.6, better: "lower" },
    }),
    metric({
      ...{ name: "predict.calls", value: median(busy.map(({ ours }) => ours.callsPerSecond)), unit: "calls/s" },
      better: "higher",
    }),
    metric({
      ...{ name: "predict.cpu_us", value: median(busy.map(({ ours }) => ours.cpuUs)), unit: "µs of CPU a call" },
      better: "lower",
    }),
    metric({
      ...{ name: "predict.p50_us", value: median(alone.map(({ ours }) => ours.p50Us)), unit: "µs", better: "lower" },
    }),
    ...(await measurePeers(root, post, ours, log)),
  ];
}

interface Pair {
  readonly bare: Measured;
  readonly ours: Measured;
}

/** Runs the loads in turns, so that other load on the machine and a drifting clock affect both servers alike. */
async function compare(
  [bare, ours]: readonly [Target, Target],
  shape: Shape,
  log: (line: string) => void,
): Promise<Pair[]> {
  for (const target of [bare, ours]) await load(target, shape, COLD_SECONDS);
  const pairs: Pair[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? [bare, ours] : [ours, bare];
    const measured = new Map<Target, Measured>();
    for (const target of order) measured.set(target, await load(target, shape));
    const [a, b] = [measured.get(bare), measured.get(ours)];
    if (a === undefined || b === undefined) throw new Error("a target was not measured");
    pairs.push({ bare: a, ours: b });
    const shown = [a, b].map(
      ({ callsPerSecond, cpuUs, p50Us }) =>
        `${Math.round(callsPerSecond)}/s, ${cpuUs.toFixed(0)} µs CPU, p50 ${p50Us.toFixed(0)} µs`,
    );
    log(`${shape.connections} × ${shape.streams}, ${round + 1}/${ROUNDS}: bare ${shown[0]}; ours ${shown[1]}`);
  }
  return pairs;
}

/** Returns the bytes of the request and of the answer of ml-service, which is checked. */
async function answerOf(ml: MlService) {
  const request = create(PredictRequestSchema, { supplier: SUPPLIER });
  using transport = createMeshTransport({ url: ml.grpc });
  const answer: PredictResponse = await createClient(InferenceService, transport).predict(request);
  if (answer.score?.topContributions.length !== 5) throw new Error("the answer does not have 5 contributions");
  return { request: toBinary(PredictRequestSchema, request), response: toBinary(PredictResponseSchema, answer) };
}

async function startEcho(folder: string, response: Uint8Array) {
  const file = path.join(folder, "response.bin");
  await writeFile(file, response);
  const script = new URL("./echo-server.ts", import.meta.url).pathname;
  const started = spawnNode(script, { args: [file], launcher: ON_SERVER_CPU });
  const { port } = await firstMessage<{ readonly port: number }>(started, "bare grpc-js");
  return { child: started.child, url: `http://127.0.0.1:${port}` };
}

function reasonNotToMeasure(): string | undefined {
  if (h2loadVersion() === undefined) return "h2load is not installed (Debian: nghttp2-client)";
  return os.availableParallelism() < 2 ? "server and load need a core each" : undefined;
}

function unmeasured(reason: string): Metric[] {
  return [
    metric({ name: "predict.throughput", value: null, unit: "ratio", better: "higher", reason }),
    metric({ name: "predict.latency", value: null, unit: "ratio of p50", better: "lower", reason }),
    metric({ name: "predict.fastapi", value: null, unit: "ratio", better: "higher", reason }),
  ];
}

/** Returns the exact version on which lib/mesh depends. */
function grpcVersion(): string {
  const file = new URL("../../services/lib/mesh/package.json", import.meta.url);
  const { dependencies }: { readonly dependencies: Record<string, string> } = JSON.parse(readFileSync(file, "utf8"));
  return dependencies["@grpc/grpc-js"] ?? "?";
}
