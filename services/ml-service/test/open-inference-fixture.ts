import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { GRPCInferenceService, type ModelInferResponse } from "@bellwether/gen/inference/grpc_service_pb";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_FEATURES, DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { AuditEvent } from "../src/domain/audit-event.ts";
import { createMlService } from "../src/service.ts";

/** Starts ml-service with the demo model, and clients of its gRPC listener. */
export async function startDemoService() {
  const root = await mkdtemp(path.join(os.tmpdir(), "open-inference-"));
  await publishDemoModel(root);
  const events: AuditEvent[] = [];
  const service = await createMlService({
    host: "127.0.0.1",
    ports: { grpc: 0, web: 0, admin: 0 },
    registryRoot: root,
    defaultModel: DEMO_SPEC.name,
    pollMs: 20,
    audit: { record: (event) => void events.push(event), lost: () => {}, stop: async () => {} },
    logger: createLogger({ name: "ml-service", level: "silent" }),
  });
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${service.addresses.grpc.port}` });
  return {
    ...{ root, service, events, client: createClient(GRPCInferenceService, transport) },
    inference: createClient(InferenceService, transport),
    async [Symbol.asyncDispose]() {
      await service.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export const ROWS = 40;
export const IDS = Array.from({ length: ROWS }, (_, row) => row);
export const UTF8 = new TextEncoder();

export const valuesOf = (name: string) => IDS.map((id) => demoSupplier(id).features[name] ?? Number.NaN);
export const regions = IDS.map((id) => demoSupplier(id).categories.region ?? "");
export const texts = IDS.map((id) => demoSupplier(id).text);
export const shape = [BigInt(ROWS)];

/** A request with typed contents. */
export const typed = (outputs: readonly string[] = []) => ({
  id: "asked",
  inputs: [
    ...DEMO_FEATURES.map((name) => ({ name, datatype: "FP64", shape, contents: { fp64Contents: valuesOf(name) } })),
    { name: "region", datatype: "BYTES", shape, contents: { bytesContents: regions.map((text) => UTF8.encode(text)) } },
    { name: "contract_text", datatype: "BYTES", shape, contents: { bytesContents: texts.map((t) => UTF8.encode(t)) } },
  ],
  outputs: outputs.map((name) => ({ name })),
});

/** Texts as raw contents: the length of each in 4 bytes, little-endian, and its bytes. */
export const rawTexts = (values: readonly string[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    Buffer.concat(
      values.map((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(Buffer.byteLength(text));
        return Buffer.concat([length, Buffer.from(text)]);
      }),
    ),
  );

/** The same request with raw contents: the numbers as one matrix. */
export function raw(outputs: readonly string[] = [], datatype: "FP32" | "FP64" = "FP64") {
  const columns = DEMO_FEATURES.map(valuesOf);
  const rows = IDS.flatMap((row) => columns.map((column) => column[row] ?? Number.NaN));
  const matrix = datatype === "FP32" ? Float32Array.from(rows) : Float64Array.from(rows);
  return {
    inputs: [
      { name: "features", datatype, shape: [BigInt(ROWS), BigInt(DEMO_FEATURES.length)] },
      { name: "region", datatype: "BYTES", shape: [BigInt(ROWS), 1n] },
      { name: "contract_text", datatype: "BYTES", shape },
    ],
    rawInputContents: [new Uint8Array(matrix.buffer), rawTexts(regions), rawTexts(texts)],
    outputs: outputs.map((name) => ({ name })),
  };
}

/** Returns the bytes of an output of a request with raw contents. */
export const bytesOf = ({ outputs, rawOutputContents }: ModelInferResponse, name: string): Buffer =>
  Buffer.from(rawOutputContents[outputs.findIndex((output) => output.name === name)] ?? []);
