import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { createTopics, installKafkaTools, readTopics, startMockCluster } from "@bellwether/testing/kafka/kafka-tools";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { installKafka, startKafka } from "../tests/faults/kafka/kafka-broker.ts";
import { type Bench, type Metric, metric } from "./metric.ts";
import { processorSeconds } from "./serving/load.ts";
import { median } from "./statistics.ts";

const TURNS = 20;
const CALLS = 500;
const WARM_UP = 2_000;
/** Time after a turn in which its events are sent, ms. The CPU time of both counts. */
const SENDING_MS = 600;
const CPU_GATE = 1.15;
const P50_GATE = 1.1;
const TOPIC = "bench.calls";

/** Sinks that are measured. The first is the reference of the ratios. */
const SINKS = ["ops", "kafka", "ops,kafka", "off"] as const;

interface Measured {
  readonly service: ServiceProcess;
  readonly call: (i: number) => Promise<unknown>;
  /** Of each turn, CPU time a call, µs, and the median time of a call, µs. */
  readonly cpuUs: number[];
  readonly p50Us: number[];
}

/** Measures Predict of ml-service with each list of sinks, one call at a time, in turns. */
export const bench: Bench = async ({ log }) => {
  const tools = await installKafkaTools();
  if ("missing" in tools) return [unmeasured(tools.missing)];
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bench-sinks-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await publishDemoModel(path.join(folder, "models"));
  const apache = await installKafka();
  const kafka = stack.use("missing" in apache ? await startMockCluster(tools, [TOPIC]) : await startKafka(apache));
  if (!("missing" in apache)) await createTopics(tools, kafka.brokers, [TOPIC]);
  const cluster = stack.use(await startPostgresCluster());
  const ops = stack.use(await startService("ops-service", { DATABASE_URL: await cluster.createDatabase() }));
  const measured = new Map<string, Measured>();
  for (const sink of SINKS) {
    const service = stack.use(
      await startService("ml-service", {
        MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}`,
        BELLWETHER_DATA_DIR: path.join(folder, sink),
        ...{
          BELLWETHER_AUDIT_SINK: sink,
          OPS_SERVICE_URL: ops.grpc,
          KAFKA_BROKERS: kafka.brokers,
          KAFKA_CALLS_TOPIC: TOPIC,
        },
      }),
    );
    const client = createClient(InferenceService, stack.use(createMeshTransport({ url: service.grpc })));
    const call = (i: number) => {
      const { features, categories } = demoSupplier(i);
      return client.predict({ supplier: { supplierId: `S_${i % 500}`, features, categories } });
    };
    measured.set(sink, { service, call, cpuUs: [], p50Us: [] });
  }
  for (const { call } of measured.values()) for (let i = 0; i < WARM_UP; i++) await call(i);
  await delay(3_000);
  for (let turn = 0; turn < TURNS; turn++) {
    const order = [...measured.values()];
    for (const one of turn % 2 === 0 ? order : order.toReversed()) await measureTurn(one);
  }
  const medians = new Map(
    [...measured].map(([sink, { cpuUs, p50Us }]) => [sink, { cpuUs: median(cpuUs), p50Us: median(p50Us) }]),
  );
  for (const [sink, { cpuUs, p50Us }] of medians)
    log(
      `${sink.padEnd(10)} CPU ${cpuUs.toFixed(0)} µs a call, p50 ${p50Us.toFixed(0)} µs; load ${os.loadavg()[0]?.toFixed(1)}`,
    );
  const sent = 2 * (WARM_UP + TURNS * CALLS);
  const records = await readTopics(tools, { brokers: kafka.brokers, topics: [TOPIC], ids: sent, seconds: 120 });
  const lost = sent - new Set(records.map(({ value }) => value.id)).size;
  const broker = "missing" in apache ? "librdkafka's mock cluster" : "Apache Kafka 4.4";
  return [
    ...ratios("kafka", "ops", measured, `the sink ops; ${broker}`, true),
    ...ratios("kafka", "off", measured, `no sink; ${broker}`, false),
    ...ratios("ops,kafka", "ops", measured, `the sink ops; ${broker}`, false),
    metric({ name: "sinks.kafka.lost", value: lost, unit: `of ${sent} events`, gate: 0, better: "lower" }),
  ];
};

async function measureTurn({ service, call, cpuUs, p50Us }: Measured): Promise<void> {
  const times: number[] = [];
  const before = await processorSeconds(service.process.pid ?? 0);
  for (let i = 0; i < CALLS; i++) {
    const start = performance.now();
    await call(i);
    times.push((performance.now() - start) * 1_000);
  }
  await delay(SENDING_MS);
  cpuUs.push((((await processorSeconds(service.process.pid ?? 0)) - before) * 1e6) / CALLS);
  p50Us.push(median(times));
}

function ratios(
  sink: string,
  base: string,
  measured: ReadonlyMap<string, Measured>,
  peer: string,
  isGated: boolean,
): Metric[] {
  const ratio = (which: "cpuUs" | "p50Us"): number => {
    const [values = [], others = []] = [measured.get(sink)?.[which], measured.get(base)?.[which]];
    return median(values.map((value, turn) => value / (others[turn] ?? Number.NaN)));
  };
  const name = `sinks.${sink.replace(",", "_")}_to_${base}`;
  return [
    metric({
      ...{ name: `${name}.cpu`, value: ratio("cpuUs"), unit: "ratio", peer, better: "lower" },
      ...(isGated && { gate: CPU_GATE }),
    }),
    metric({
      ...{ name: `${name}.p50`, value: ratio("p50Us"), unit: "ratio", peer, better: "lower" },
      ...(isGated && { gate: P50_GATE }),
    }),
  ];
}

function unmeasured(reason: string): Metric {
  return metric({ name: "sinks.kafka_to_ops.cpu", value: null, unit: "ratio", better: "lower", reason });
}
