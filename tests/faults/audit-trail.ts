import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { PredictRequestSchema } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { h2load, h2loadVersion } from "../../bench/h2load.ts";
import { metric } from "../../bench/metric.ts";
import { startCollector } from "./collector.ts";
import { atMost, bindToCpu, type Finding, LOAD_CPU, percentile, type Scenario, SERVER_CPU } from "./harness.ts";

const ROUNDS = 5;

/** ml-service with one kind of audit sink behind it. */
interface Recorded {
  readonly service: ServiceProcess;
  /** Mean time of a call in each round, µs. */
  readonly meansUs: number[];
  readonly p99sUs: number[];
}

/**
 * Measures the calls of ml-service while its ops-service refuses connections or never answers. The calls are
 * compared with those of an ml-service whose ops-service takes every event.
 */
export const auditTrail: Scenario = async (quick) => {
  if (h2loadVersion() === undefined) return [unmeasured("h2load is not installed (Debian: nghttp2-client)")];
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-audit-trail-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await publishDemoModel(path.join(folder, "models"));
  const bodyFile = path.join(folder, "frame.bin");
  await writeFile(bodyFile, requestFrame());
  const cluster = stack.use(await startPostgresCluster());
  const ops = stack.use(await startService("ops-service", { DATABASE_URL: await cluster.createDatabase() }));
  // A plain TCP server is enough for an ops-service that refuses connections or never answers.
  const [refusing, silent] = [stack.use(await startCollector("refusing")), stack.use(await startCollector("silent"))];
  const start = async (name: string, opsUrl: string | undefined): Promise<Recorded> => {
    const service = stack.use(
      await startService("ml-service", {
        MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}`,
        BELLWETHER_DATA_DIR: path.join(folder, name),
        ...(opsUrl !== undefined && { BELLWETHER_AUDIT_SINK: "ops", OPS_SERVICE_URL: opsUrl }),
      }),
    );
    bindToCpu(service.process.pid, SERVER_CPU);
    return { service, meansUs: [], p99sUs: [] };
  };
  const living = await start("living", ops.grpc);
  const others = {
    refusing: await start("refusing", `http://127.0.0.1:${refusing.port}`),
    silent: await start("silent", `http://127.0.0.1:${silent.port}`),
    off: await start("off", undefined),
  };
  const turns = [living, ...Object.values(others)];
  const load = async (one: Recorded, seconds: number) => measure(one, bodyFile, quick ? seconds / 2 : seconds);
  for (const one of turns) await load(one, 4);
  for (let round = 0; round < ROUNDS; round++)
    for (const one of round % 2 === 0 ? turns : turns.toReversed()) {
      const { meanUs, p99Us } = await load(one, 2);
      one.meansUs.push(meanUs);
      one.p99sUs.push(p99Us);
    }
  return [
    ...findingsOf("refusing", others.refusing, living),
    ...findingsOf("silent", others.silent, living),
    priceOf("living", living, others.off),
    priceOf("refusing", others.refusing, others.off),
  ];
};

/**
 * Returns the total cost of recording. It has no bound: the calls follow each other without a pause, so that
 * recording always competes with them.
 */
function priceOf(state: string, recorded: Recorded, off: Recorded): Finding {
  const unit = `ratio to no audit log, ${Math.round(percentile(off.meansUs, 0.5))} µs a call`;
  return metric({
    ...{ name: `audit-trail.${state}.price`, value: medianRatio(recorded.meansUs, off.meansUs), unit },
    better: "lower",
  });
}

function findingsOf(state: string, dead: Recorded, living: Recorded): Finding[] {
  const unit = "ratio to a living ops-service";
  return [
    atMost(`audit-trail.${state}.latency`, medianRatio(dead.meansUs, living.meansUs), unit, 1.05, 1),
    atMost(`audit-trail.${state}.latency_p99`, medianRatio(dead.p99sUs, living.p99sUs), unit, 1.05, 1),
  ];
}

function medianRatio(values: readonly number[], base: readonly number[]): number {
  return percentile(
    values.map((value, round) => value / (base[round] ?? Number.NaN)),
    0.5,
  );
}

/** Sends one call at a time, as a buyer's system would. */
async function measure({ service }: Recorded, bodyFile: string, seconds: number) {
  const result = await h2load({
    url: `${service.grpc}/bellwether.inference.v1.InferenceService/Predict`,
    headers: { "content-type": "application/grpc", te: "trailers" },
    ...{ bodyFile, seconds, connections: 1, streams: 1, cpu: LOAD_CPU },
  });
  if (result.failed > 0) throw new Error(`${result.failed} calls failed`);
  return result;
}

/** Returns a Predict request for a supplier of the demo, as a gRPC frame. */
function requestFrame(): Buffer {
  const { features, categories, text } = demoSupplier(0);
  const supplier = { supplierId: "SUPP_1", features, categories, contractText: text };
  const request: MessageInitShape<typeof PredictRequestSchema> = { supplier };
  const message = toBinary(PredictRequestSchema, create(PredictRequestSchema, request));
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

function unmeasured(reason: string): Finding {
  return metric({ name: "audit-trail.refusing.latency", value: null, unit: "ratio", better: "lower", reason });
}
