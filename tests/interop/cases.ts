import { EchoRequestSchema, EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { toJson } from "@bufbuild/protobuf";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import type { Report } from "./expected.ts";

/**
 * Runs the cases with any Connect transport, of Node or of a browser. `zipped` is a transport that compresses
 * requests.
 */
export async function runCases(transport: Transport, zipped: Transport, bidi: boolean): Promise<Report[]> {
  const client = createClient(EchoService, transport);
  const reports: Report[] = [];
  const report = (name: string, result: unknown): void => void reports.push({ case: name, result });

  const asked = {
    id: "interop",
    features: { a: 1.5, ü: -2.25 },
    text: "Lieferant é 😀",
    payload: new Uint8Array([0, 255]),
  };
  const { request } = await client.echo(asked);
  report("unary", request && toJson(EchoRequestSchema, request));

  const numbers: number[] = [];
  for await (const { number } of client.count({ to: 3 })) numbers.push(number);
  report("server_stream", numbers);

  const failed = await failureOf(client.echo({ id: "x", behavior: { failCode: 9, failText: "no détail 100%" } }));
  const [info] = failed.findDetails(ErrorInfoSchema);
  const { code, rawMessage: message } = failed;
  report("error_details", { code, message, reason: info?.reason, domain: info?.domain, asked: info?.metadata.asked });

  const invalid = await failureOf(client.echo({ id: "" }));
  const [bad] = invalid.findDetails(BadRequestSchema);
  report("validation", { code: invalid.code, fields: bad?.fieldViolations.map(({ field }) => field) });

  const slow = client.echo({ id: "x", behavior: { delay: { seconds: 30n } } }, { timeoutMs: 200 });
  report("deadline", { code: (await failureOf(slow)).code });

  const controller = new AbortController();
  const counting = async (): Promise<void> => {
    for await (const _ of client.count({ to: 1_000_000 }, { signal: controller.signal })) controller.abort();
  };
  report("cancel", { code: (await failureOf(counting())).code });

  const seen: { header?: string | null; trailer?: string | null } = {};
  await client.echo(
    { id: "m", behavior: {} },
    {
      headers: { "echo-request": "tag" },
      onHeader: (headers) => Object.assign(seen, { header: headers.get("echo-header") }),
      onTrailer: (trailers) => Object.assign(seen, { trailer: trailers.get("echo-trailer") }),
    },
  );
  report("metadata", seen);

  const unzipped = await createClient(EchoService, zipped).echo({ id: "zipped", text: "z".repeat(100_000) });
  report("gzip", { id: unzipped.request?.id, size: unzipped.request?.text.length });

  const big = await client.echo({ id: "big", payload: new Uint8Array(3 * 1024 * 1024).fill(7) });
  const payload = big.request?.payload ?? new Uint8Array();
  report("big", { size: payload.length, sum: payload.reduce((sum, byte) => sum + byte, 0) });

  if (bidi) {
    const texts: string[] = [];
    const chat = (async function* () {
      yield { text: "a" };
      yield { text: "b" };
    })();
    for await (const { text } of client.chat(chat)) texts.push(text);
    report("bidi", texts);
  }
  return reports;
}

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("the call did not fail");
}
