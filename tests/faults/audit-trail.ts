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

/** ml-service with one kind of audit trail behind it. */
interface Recorded {
  readonly service: ServiceProcess;
  /** Microseconds of a call, by round. */
  readonly meansUs: number[];
  readonly p99sUs: number[];
}

/** An ops-service that refuses connections or never answers, against one that takes every event: what an answer of ml-service then costs. */
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
  // What refuses or never answers need not know whose calls those are.
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

/** What recording costs at all: without a bound, for the calls that follow each other without a pause here leave no time for it. */
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

/** One call at a time, as a buyer's system would ask. */
async function measure({ service }: Recorded, bodyFile: string, seconds: number) {
  const result = await h2load({
    url: `${service.grpc}/bellwether.inference.v1.InferenceService/Predict`,
    headers: { "content-type": "application/grpc", te: "trailers" },
    ...{ bodyFile, seconds, connections: 1, streams: 1, cpu: LOAD_CPU },
  });
  if (result.failed > 0) throw new Error(`${result.failed} calls failed`);
  return result;
}

/** A supplier of the demo as gRPC frames it. */
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
