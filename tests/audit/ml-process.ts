import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

/** ml-service in a process of its own. */
export interface MlProcess {
  readonly child: ChildProcess;
  readonly client: Client<typeof InferenceService>;
  /** Ends it; resolves with the exit code, null after SIGKILL. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Starts ml-service on free ports; what it writes to standard output is given to `child.stdout`. */
export async function startMl(env: Readonly<Record<string, string>>): Promise<MlProcess> {
  const main = createRequire(import.meta.url).resolve("@bellwether/ml-service/main");
  const ports = { ML_SERVICE_GRPC_PORT: "0", ML_SERVICE_WEB_PORT: "0", ML_SERVICE_ADMIN_PORT: "0" };
  const child = spawn(process.execPath, [main], {
    env: { ...ports, BELLWETHER_LOG_LEVEL: "silent", ...env },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const [message] = await once(child, "message");
  const { addresses } = message as { addresses: { grpc: { port: number } } };
  const baseUrl = `http://127.0.0.1:${addresses.grpc.port}`;
  return {
    child,
    client: createClient(InferenceService, createGrpcTransport({ baseUrl })),
    async end(signal) {
      const ended = once(child, "exit");
      child.kill(signal);
      const [code] = await ended;
      return typeof code === "number" ? code : null;
    },
  };
}
