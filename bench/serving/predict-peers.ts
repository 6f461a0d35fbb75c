import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  GRPCInferenceService,
  ModelInferRequestSchema,
  type ModelInferResponse,
} from "@bellwether/gen/inference/grpc_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { type Metric, metric } from "../metric.ts";
import { median } from "../statistics.ts";
import { frameFile, load, ON_SERVER_CPU, type Target, warmUp } from "./load.ts";
import { FEATURES, trainingTable } from "./serving-model.ts";

const PEERS = new URL("../peers/", import.meta.url).pathname;
const ROUNDS = 5;
const NOT_INSTALLED = "bench/peers/setup has not installed it";
/** Time for which a peer trains its model and starts. */
const START_MS = 180_000;

type Log = (line: string) => void;

/**
 * Compares POST /predict with FastAPI (scikit-learn, shap, SQLite), and Predict with MLServer (XGBoost, prediction only).
 * The peers train on the same rows, with as many trees of the same depth.
 */
export async function measurePeers(folder: string, post: Target, predict: Target, log: Log): Promise<Metric[]> {
  await writeTrainingRows(folder);
  return [
    await compareWith("predict.fastapi", post, () => startFastApi(folder, post), log, { gate: 12, stretch: 18 }),
    await compareWith("predict.mlserver", predict, () => startMlServer(folder), log),
  ];
}

interface Peer extends AsyncDisposable {
  readonly name: string;
  readonly target: Target;
}

async function compareWith(
  name: string,
  ours: Target,
  start: () => Promise<Peer | string>,
  log: Log,
  bounds: { readonly gate?: number; readonly stretch?: number } = {},
): Promise<Metric> {
  const started = await start().catch((error: unknown) => `it did not start: ${String(error).slice(0, 200)}`);
  const common = { name, unit: "ratio of calls/s", better: "higher" as const, ...bounds };
  if (typeof started === "string") return metric({ ...common, value: null, reason: started });
  await using peer = started;
  const shape = ours.http1 ? { connections: 16, streams: 1 } : { connections: 8, streams: 4 };
  const ratios: number[] = [];
  // The peers are Python programs, which compile nothing while they run.
  await load(peer.target, shape, 4);
  await warmUp(ours, shape, 4);
  for (let round = 0; round < ROUNDS; round++) {
    const theirs = await load(peer.target, shape, 2);
    const own = await load(ours, shape, 2);
    ratios.push(own.callsPerSecond / theirs.callsPerSecond);
    log(
      `${name} ${round + 1}/${ROUNDS}: ${peer.name} ${Math.round(theirs.callsPerSecond)}/s, ours ${Math.round(own.callsPerSecond)}/s`,
    );
  }
  return metric({ ...common, value: median(ratios), peer: peer.name });
}

/** Writes the training rows for the peers: values, labels and texts. */
async function writeTrainingRows(folder: string): Promise<void> {
  const { numbers, texts, labels } = trainingTable();
  const columns = [...numbers].map(([name, values]) => ({ name, values: [...values] }));
  await writeFile(path.join(folder, "training.json"), JSON.stringify({ columns, texts, labels: [...(labels ?? [])] }));
}

async function startFastApi(folder: string, ours: Target): Promise<Peer | string> {
  const python = path.join(PEERS, ".venv-serving/bin/python");
  if (!existsSync(python)) return NOT_INSTALLED;
  const port = await freePort();
  const server = startPython(python, [path.join(PEERS, "fastapi_server.py"), folder, String(port)], folder);
  const url = `http://127.0.0.1:${port}/predict`;
  await answers(server, () => checkFastApi(url, ours));
  const versions = versionsOf(python, ["fastapi", "uvicorn", "scikit-learn", "shap"]);
  return { name: versions, target: { ...ours, name: "FastAPI", pid: server.pid, url }, ...server };
}

async function checkFastApi(url: string, { bodyFile }: Target): Promise<void> {
  const body = await readFile(bodyFile);
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { contributions }: { readonly contributions?: unknown[] } = JSON.parse(await answer.text());
  if (!answer.ok || contributions?.length !== 5) throw new Error(`FastAPI answered ${answer.status}`);
}

/** Starts MLServer with an XGBoost model of the numeric features and terms; it only predicts. */
async function startMlServer(folder: string): Promise<Peer | string> {
  const python = path.join(PEERS, ".venv-mlserver/bin/python");
  if (!existsSync(python)) return NOT_INSTALLED;
  const models = path.join(folder, "mlserver");
  await mkdir(models, { recursive: true });
  const [http, grpc, metrics] = [await freePort(), await freePort(), await freePort()];
  const settings = { http_port: http, grpc_port: grpc, metrics_port: metrics, host: "127.0.0.1", parallel_workers: 0 };
  await writeFile(path.join(models, "settings.json"), JSON.stringify({ ...settings, debug: false }));
  execFileSync(python, [path.join(PEERS, "mlserver_model.py"), folder, models], { stdio: "ignore" });
  const server = startPython(path.join(PEERS, ".venv-mlserver/bin/mlserver"), ["start", models], folder);
  const row = new Float32Array(FEATURES.length + 24).fill(0.5);
  const contents = { fp32Contents: [...row] };
  const request = create(ModelInferRequestSchema, {
    modelName: "m6",
    inputs: [{ name: "input", datatype: "FP32", shape: [1n, BigInt(row.length)], contents }],
  });
  using transport = createMeshTransport({ url: `http://127.0.0.1:${grpc}` });
  const client = createClient(GRPCInferenceService, transport);
  await answers(server, async () => {
    const { outputs }: ModelInferResponse = await client.modelInfer(request);
    if (outputs.length === 0) throw new Error("MLServer answered no output");
  });
  const target: Target = {
    ...{ name: "MLServer", pid: server.pid, contentType: "application/grpc", http1: false },
    url: `http://127.0.0.1:${grpc}/inference.GRPCInferenceService/ModelInfer`,
    bodyFile: await frameFile(toBinary(ModelInferRequestSchema, request)),
  };
  return { name: `${versionsOf(python, ["mlserver", "xgboost"])}, prediction only`, target, ...server };
}

interface PythonServer extends AsyncDisposable {
  readonly pid: number;
  readonly hasEnded: () => boolean;
}

function startPython(program: string, args: readonly string[], cwd: string): PythonServer {
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1" };
  const [command = "", ...launcher] = ON_SERVER_CPU;
  const child = spawn(command, [...launcher, program, ...args], { cwd, env, stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    pid: child.pid ?? 0,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Waits until a check of a server passes. Ends the server when it does not. @throws the last error of the check */
async function answers(server: PythonServer, check: () => Promise<void>): Promise<void> {
  const end = performance.now() + START_MS;
  while (true) {
    try {
      return await check();
    } catch (error) {
      if (server.hasEnded() || performance.now() > end) {
        await server[Symbol.asyncDispose]();
        throw error;
      }
      await pause(500);
    }
  }
}

function versionsOf(python: string, packages: readonly string[]): string {
  const code = "import sys,importlib.metadata as m;print(', '.join(f'{p} {m.version(p)}' for p in sys.argv[1:]))";
  return execFileSync(python, ["-c", code, ...packages], { encoding: "utf8" }).trim();
}

/** Returns a port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
