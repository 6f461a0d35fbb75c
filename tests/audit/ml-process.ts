import type { ChildProcess } from "node:child_process";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { startService } from "@bellwether/testing/service-process";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

/** An ml-service in its own process. */
export interface MlProcess {
  readonly child: ChildProcess;
  readonly client: Client<typeof InferenceService>;
  /** Ends the process; resolves with its exit code, null after SIGKILL. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/**
 * Starts ml-service on free ports, with its audit log on. `child.stdout` has what it writes to standard
 * output.
 */
export async function startMl(env: Readonly<Record<string, string>>): Promise<MlProcess> {
  const ml = await startService("ml-service", { BELLWETHER_AUDIT_SINK: "ops", ...env }, { stdout: "pipe" });
  return {
    child: ml.process,
    client: createClient(InferenceService, createGrpcTransport({ baseUrl: ml.grpc })),
    end: (signal) => (signal === "SIGTERM" ? ml.stop() : ml.kill()),
  };
}
