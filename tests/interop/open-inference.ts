import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { DEMO_FEATURES, DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { makePythonEnvironment, pythonOf } from "./python-environment.ts";

const HERE = path.join(import.meta.dirname, "python");
const ROWS = 50;
const TIMEOUT_MS = 600_000;

/** Clients of the protocol that PyPI has. The KServe SDK brings 400 MB of packages. */
export type OpenInferenceClient = "triton" | "kserve";

/** The Python with one of the clients, or why this machine cannot have it. */
export function pythonWith(
  client: OpenInferenceClient,
  cache: string,
): { readonly command: string; readonly missing: string | undefined } {
  const folder = path.join(cache, client);
  const missing = makePythonEnvironment(folder, path.join(HERE, `requirements-${client}.txt`));
  return { command: pythonOf(folder), missing };
}

/**
 * Runs a client, as PyPI has it, against ml-service. Returns one text per failure: its scores and contributions must
 * have the bits of PredictBatch.
 */
export async function testOpenInference(client: OpenInferenceClient, python: string): Promise<readonly string[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "bellwether-open-inference-"));
  try {
    await publishDemoModel(folder);
    await using ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${folder}` });
    const columns = demoColumns();
    const file = path.join(folder, "columns.json");
    writeFileSync(file, JSON.stringify(columns));
    const expected = await expectedBits(ml.grpc, columns);
    const addresses = [ml.grpc, ml.web].map((url) => new URL(url).host);
    const args = [path.join(HERE, `${client}_client.py`), ...addresses, DEMO_SPEC.name, file];
    const { stdout } = await promisify(execFile)(python, args, { timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 });
    return failuresOf(client, JSON.parse(stdout.trim().split("\n").at(-1) ?? ""), expected);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Answers {
  readonly grpc: Readonly<Record<string, unknown>>;
  readonly http: Readonly<Record<string, unknown>>;
  /** Whether a model that does not exist is ready. */
  readonly absent?: boolean;
}

type Expected = Readonly<Record<string, unknown>>;

function failuresOf(client: OpenInferenceClient, { grpc, http, absent }: Answers, expected: Expected): string[] {
  const bits =
    client === "triton" ? { ...expected, ready: [true, true, true] } : { score: expected.score, ready: [true, true] };
  const failures = [...differences("gRPC", grpc, bits), ...differences("HTTP", http, bits)];
  if (client === "kserve")
    return absent === false ? failures : [...failures, `a model that does not exist is ready: ${absent}`];
  const texts = [grpc, http].map(({ failure }) => String(failure));
  return [...failures, ...texts.filter((text) => !text.includes('no model "another"'))];
}

function differences(
  protocol: string,
  answer: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(expected).flatMap(([name, value]) =>
    isDeepStrictEqual(answer[name], value)
      ? []
      : [`${protocol}: ${name} is ${JSON.stringify(answer[name])?.slice(0, 200)}`],
  );
}

type Columns = Readonly<Record<string, readonly (number | string)[]>>;

function demoColumns(): Columns {
  const suppliers = Array.from({ length: ROWS }, (_, id) => demoSupplier(id));
  return {
    ...Object.fromEntries(DEMO_FEATURES.map((name) => [name, suppliers.map(({ features }) => features[name] ?? 0)])),
    region: suppliers.map(({ categories }) => categories.region ?? ""),
    contract_text: suppliers.map(({ text }) => text),
  };
}

/** Bits that PredictBatch answers for the same columns, as hexadecimal text. */
async function expectedBits(url: string, columns: Columns): Promise<Expected> {
  using transport = createMeshTransport({ url });
  const regions = (columns.region ?? []).map(String);
  const dictionary = [...new Set(regions)];
  const batch = await createClient(InferenceService, transport).predictBatch({
    supplierIds: regions.map((_, row) => `S_${row}`),
    numbers: DEMO_FEATURES.map((name) => ({ name, values: (columns[name] ?? []).map(Number) })),
    categories: [{ name: "region", dictionary, codes: regions.map((region) => dictionary.indexOf(region)) }],
    contractTexts: (columns.contract_text ?? []).map(String),
    withContributions: true,
  });
  const bits = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  return {
    score: bits(batch.riskScores),
    contributions: bits(batch.contributions),
    base_value: bits(new Uint8Array(new Float64Array(ROWS).fill(batch.baseValue).buffer)),
    shapes: [[ROWS], [ROWS, batch.columnNames.length], [ROWS]],
  };
}
