import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { firstMessage, type NodeProcess, spawnNode } from "@bellwether/testing/node-process";
import { PROCESS_ENV } from "@bellwether/testing/service-process";
import { bundleService } from "../../scripts/bundle/bundle-service.ts";
import { MODEL_NAME } from "./serving-model.ts";

const BUNDLE = path.resolve(import.meta.dirname, "../../services/ml-service/dist");
let bundled: Promise<unknown> | undefined;

/** ml-service in its own process. */
export interface MlService extends AsyncDisposable {
  readonly pid: number;
  readonly grpc: string;
  readonly web: string;
  /** Time from the start of the process until the champion was served, ms. */
  readonly startMs: number;
}

type Addresses = Readonly<Record<"grpc" | "web", { readonly port: number }>>;

/** Options of Node and variables of glibc, as in deploy/Dockerfile.ml, which starts the bundle as this file does. */
const IMAGE = {
  execArgv: ["--min-semi-space-size=4", "--max-semi-space-size=16"],
  env: { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "1048576" },
};

/** @param launcher Prefix of the command, for example that binds the process to a core. */
export async function startMlService(
  registry: string,
  env: Readonly<Record<string, string>>,
  launcher: readonly string[] = [],
): Promise<MlService> {
  const data = await mkdtemp(path.join(os.tmpdir(), "bellwether-bench-data-"));
  bundled ??= bundleService("ml-service", BUNDLE);
  await bundled;
  const main = path.join(BUNDLE, "main.js");
  const began = performance.now();
  const started: NodeProcess = spawnNode(main, {
    launcher,
    execArgv: IMAGE.execArgv,
    env: {
      ...PROCESS_ENV,
      ...IMAGE.env,
      PATH: process.env.PATH,
      ...{ ML_SERVICE_GRPC_PORT: "0", ML_SERVICE_WEB_PORT: "0", ML_SERVICE_ADMIN_PORT: "0" },
      ...{ MODEL_REGISTRY_URL: `file:${registry}`, BELLWETHER_MODEL: MODEL_NAME, BELLWETHER_DATA_DIR: data },
      ...env,
    },
  });
  const { addresses } = await firstMessage<{ readonly addresses: Addresses }>(started, "ml-service");
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  return {
    startMs: performance.now() - began,
    pid: started.child.pid ?? 0,
    grpc: url(addresses.grpc.port),
    web: url(addresses.web.port),
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await rm(data, { recursive: true, force: true });
    },
  };
}
