import type { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import {
  ExplainRequestSchema,
  ExplainResponseSchema,
  PredictRequestSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { WebHandler, WebRequest, WebResponse } from "@bellwether/mesh/web-handler";
import { pathOf, sendText } from "@bellwether/mesh/web-handler";
import { FlatSupplierError, flatSupplier } from "@bellwether/scoring/flat-supplier";
import { create, toJson } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";

/** Largest body: 1 MiB of text in JSON escapes and the features. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

const STATUS: Partial<Record<Code, number>> = {
  [Code.InvalidArgument]: 400,
  [Code.Unauthenticated]: 401,
  [Code.PermissionDenied]: 403,
  [Code.NotFound]: 404,
  [Code.FailedPrecondition]: 412,
  [Code.ResourceExhausted]: 429,
  [Code.Unavailable]: 503,
  [Code.DeadlineExceeded]: 504,
};

async function readJson(request: WebRequest): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.byteLength;
    if (size > MAX_BODY_BYTES) throw new FlatSupplierError("the body is over 4 MiB");
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new FlatSupplierError("the body is not JSON");
  }
}

const sendJson = (response: WebResponse, status: number, body: unknown): void =>
  sendText(response, status, "application/json", `${JSON.stringify(body)}\n`);

function sendError(response: WebResponse, error: unknown): void {
  const known =
    error instanceof FlatSupplierError
      ? new ConnectError(error.message, Code.InvalidArgument)
      : ConnectError.from(error);
  const status = STATUS[known.code] ?? 500;
  if (response.headersSent) response.end();
  else
    sendJson(response, status, {
      code: Code[known.code],
      message: status === 500 ? "internal error" : known.rawMessage,
    });
}

const BAND_NAMES = new Map<Band, string>(Object.entries(Band).map(([name, code]) => [code, name.toLowerCase()]));

type Inference = Client<typeof InferenceService>;

async function predict(inference: Inference, request: WebRequest, response: WebResponse): Promise<void> {
  const body = create(PredictRequestSchema, { supplier: flatSupplier(await readJson(request)) });
  const { score } = await inference.predict(body, { headers: passedOn(request) });
  sendJson(response, 200, {
    supplier_id: score?.supplierId,
    risk_score: score?.riskScore ?? null,
    band: BAND_NAMES.get(score?.band ?? Band.UNKNOWN),
    probabilities: Object.fromEntries((score?.classProbabilities ?? []).map((p) => [p.label, p.probability])),
    top_features: (score?.topContributions ?? []).map((c) => ({
      feature: c.feature,
      value: c.value ?? (c.category || null),
      contribution: c.contribution,
    })),
    model_version: score?.model?.version,
    missing_features: score?.missingFeatures ?? [],
    warnings: (score?.warnings ?? []).map(({ code, feature, message }) => ({ code, feature, message })),
  });
}

async function explain(inference: Inference, request: WebRequest, response: WebResponse): Promise<void> {
  const body = create(ExplainRequestSchema, { supplier: flatSupplier(await readJson(request)), withNarrative: true });
  for await (const message of inference.explain(body, { headers: passedOn(request) })) {
    if (!response.headersSent) {
      response.statusCode = 200;
      response.setHeader("content-type", "application/x-ndjson");
    }
    response.write(`${JSON.stringify(toJson(ExplainResponseSchema, message, { useProtoFieldName: true }))}\n`);
  }
  response.end();
}

/** Headers that carry who asks and which trace it belongs to. */
function passedOn(request: WebRequest): Headers {
  const headers = new Headers();
  for (const name of ["authorization", "traceparent", "tracestate"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  return headers;
}

/**
 * The monolith's paths, `POST /predict` and `POST /explain`, as thin aliases: each is one call of the InferenceService.
 * @param inference Client of this service's own RPCs, so that every policy holds here too.
 */
export function restHandler(inference: Inference): WebHandler {
  const routes = new Map([
    ["/predict", predict],
    ["/explain", explain],
  ]);
  return (request, response) => {
    const answer = routes.get(pathOf(request));
    if (answer === undefined) return false;
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      sendJson(response, 405, { code: "MethodNotAllowed", message: `use POST ${pathOf(request)} with a JSON object` });
      return true;
    }
    answer(inference, request, response).catch((error: unknown) => sendError(response, error));
    return true;
  };
}
