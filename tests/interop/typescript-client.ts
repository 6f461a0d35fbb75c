import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { EchoServer } from "@bellwether/testing/echo/start-echo";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, Code } from "@connectrpc/connect";

const ROOT = path.resolve(import.meta.dirname, "../..");

interface Options {
  readonly token?: string | (() => string);
  readonly timeoutMs?: number;
  readonly attempts?: number;
  readonly allowCleartext?: boolean;
  readonly fetch?: typeof globalThis.fetch;
}

/** Gives a value the type that a caller of JavaScript, or of JSON.parse, promises. */
const fromCaller = <T>(value: unknown): T => value as T;

/** What the package exports. Its types are built from the sources, which are not compiled with this file. */
interface Package {
  connect<Service extends DescService>(service: Service, url: string, options?: Options): Client<Service>;
  serviceError(error: unknown): {
    readonly code: Code;
    readonly reason: string;
    readonly message: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly retryAfterMs: number | undefined;
  };
}

/** Builds clients/typescript as `npm run client:typescript` does, and tests it. Returns one text per failed test. */
export async function testTypescriptClient({ webUrl }: EchoServer): Promise<string[]> {
  const build = ["scripts/build-typescript-client.ts"];
  execFileSync(process.execPath, build, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  const built: Package = await import(path.join(ROOT, "clients/typescript/dist/connect.js"));
  const failures: string[] = [];
  for (const [name, run] of Object.entries(testsOf(built, webUrl)))
    await run().catch((error: unknown) => failures.push(`${name}: ${error instanceof Error ? error.message : error}`));
  return failures;
}

function testsOf({ connect, serviceError }: Package, url: string): Readonly<Record<string, () => Promise<void>>> {
  const failureOf = (call: Promise<unknown>) => call.then(() => assert.fail("the call did not fail"), serviceError);
  /** Returns a fetch that does not reach the server at its first calls, and the headers of all calls. */
  const brokenFetch = (times: number) => {
    const calls: Headers[] = [];
    const fetch: typeof globalThis.fetch = (input, init) => {
      calls.push(new Headers(init?.headers));
      return calls.length <= times ? Promise.reject(new TypeError("fetch failed")) : globalThis.fetch(input, init);
    };
    return { fetch, calls };
  };
  return {
    "an error has code, reason and message": async () => {
      const behavior = { failCode: Code.FailedPrecondition, failText: "no" };
      const error = await failureOf(connect(EchoService, url).echo({ id: "x", behavior }));
      assert.deepEqual([error.code, error.reason, error.message], [Code.FailedPrecondition, "ASKED_FOR9", "no"]);
    },
    "an invalid request names its fields": async () => {
      const error = await failureOf(connect(EchoService, url).echo({}));
      assert.deepEqual([error.code, Object.keys(error.fields)], [Code.InvalidArgument, ["id"]]);
    },
    "an idempotent call is repeated when the service does not answer": async () => {
      const { fetch, calls } = brokenFetch(2);
      assert.equal((await connect(EchoService, url, { fetch }).echo({ id: "again" })).request?.id, "again");
      assert.equal(calls.length, 3);
    },
    "a call is attempted as often as configured": async () => {
      const { fetch, calls } = brokenFetch(9);
      const error = await failureOf(connect(EchoService, url, { fetch, attempts: 2 }).echo({ id: "x" }));
      assert.deepEqual([error.code, calls.length], [Code.Unavailable, 2]);
    },
    "a call that is not idempotent is not repeated": async () => {
      const { fetch, calls } = brokenFetch(9);
      await failureOf(connect(EchoService, url, { fetch }).increment({}));
      assert.equal(calls.length, 1);
    },
    "the deadline bounds a call with its retries": async () => {
      const slow = connect(EchoService, url, { timeoutMs: 300 }).echo({
        id: "x",
        behavior: { delay: { seconds: 30n } },
      });
      assert.equal((await failureOf(slow)).code, Code.DeadlineExceeded);
      const { fetch } = brokenFetch(Number.POSITIVE_INFINITY);
      const away = connect(EchoService, url, { fetch, timeoutMs: 300, attempts: 99 }).echo({ id: "x" });
      assert.ok([Code.DeadlineExceeded, Code.Unavailable].includes((await failureOf(away)).code));
    },
    "a stream is read": async () => {
      const numbers: number[] = [];
      for await (const { number } of connect(EchoService, url).count({ to: 3 })) numbers.push(number);
      assert.deepEqual(numbers, [1, 2, 3]);
    },
    "the token of each attempt is sent": async () => {
      const { fetch, calls } = brokenFetch(1);
      let number = 0;
      await connect(EchoService, url, { fetch, token: () => `token-${++number}` }).echo({ id: "x" });
      assert.deepEqual(
        calls.map((headers) => headers.get("authorization")),
        ["Bearer token-1", "Bearer token-2"],
      );
    },
    "a token over clear text to another machine, and an empty one, are rejected": async () => {
      assert.throws(() => connect(EchoService, "http://risk.example.com", { token: "x" }), /clear text/);
      for (const wrong of ["grpc://localhost:9081", "localhost:8081", "", "8081"])
        assert.throws(() => connect(EchoService, wrong), /expected the URL of a web listener/);
      await assert.rejects(connect(EchoService, url, { token: " " }).echo({ id: "x" }), /empty/);
      connect(EchoService, "https://risk.example.com", { token: "x" });
    },
    "a value that is not a number is not sent as one": async () => {
      const { fetch, calls } = brokenFetch(0);
      const inference = connect(InferenceService, url, { fetch });
      const values: unknown[] = [null, undefined, "", " ", "0.4", [], {}, false, true, new Date(0), 7n, Object(7)];
      for (const value of values) {
        const features = fromCaller<Record<string, number>>({ late_ratio: value });
        const message = /^supplier\.features\.late_ratio: expected a number, got /;
        await assert.rejects(inference.predict({ supplier: { supplierId: "A", features } }), {
          name: "TypeError",
          message,
        });
        const rejected = async () => {
          for await (const _ of inference.explain({ supplier: { supplierId: "A", features } })) assert.fail("answered");
        };
        await assert.rejects(rejected, { name: "TypeError", message });
        const checksums = fromCaller<number[]>([0, value]);
        await assert.rejects(inference.predictBatch({ valuesChecksums: checksums }), {
          ...{ name: "TypeError", message: /^valuesChecksums\[1\]: expected a number, got / },
        });
      }
      assert.equal(calls.length, 0);
    },
    "a value of another type than its field is not sent": async () => {
      const { fetch, calls } = brokenFetch(0);
      const inference = connect(InferenceService, url, { fetch });
      const supplier = (given: unknown) => () => inference.predict({ supplier: fromCaller(given) });
      const batch = (given: unknown) => () => inference.predictBatch(fromCaller(given));
      const rejected: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
        [supplier({ supplierId: "A\ud800" }), /^supplier\.supplierId: expected a text of whole characters, got "A/],
        [supplier({ supplierId: 7 }), /^supplier\.supplierId: expected a text of whole characters, got 7$/],
        [supplier({ categories: { country: "\udc00" } }), /^supplier\.categories\.country: /],
        [supplier({ features: { "a\ud800": 1 } }), /^supplier\.features: expected names of whole characters/],
        [supplier({ features: new Map([["late_ratio", 1]]) }), /^supplier\.features: expected an object, got Map$/],
        [supplier({ features: [1] }), /^supplier\.features: expected an object, got Array$/],
        [supplier([]), /^supplier: expected an object, got Array$/],
        [batch({ supplierIds: ["A", null] }), /^supplierIds\[1\]: expected a text of whole characters, got null/],
        [batch({ supplierIds: "A" }), /^supplierIds: expected an array, got "A"$/],
        [batch({ values: new Float64Array(1) }), /^values: expected a Uint8Array, got Float64Array$/],
        [batch({ values: [1] }), /^values: expected a Uint8Array, got Array$/],
        [batch({ withContributions: "false" }), /^withContributions: expected true or false, got "false"$/],
      ];
      for (const [call, message] of rejected) await assert.rejects(call, { name: "TypeError", message });
      assert.equal(calls.length, 0);
    },
    "a value of the right type is sent": async () => {
      const { fetch } = brokenFetch(0);
      const { request } = await connect(EchoService, url, { fetch }).echo({
        ...{ id: "\u{1f600}", features: { a: -0, b: 1e308 } },
        behavior: { delay: { seconds: 0n }, failCode: 0 },
      });
      assert.deepEqual([request?.id, request?.features], ["\u{1f600}", { a: -0, b: 1e308 }]);
    },
    "credentials and a query in the URL are rejected without a secret": async () => {
      const wrong = [
        "http://u:hunter2@h",
        "http://hunter2@h",
        "u:hunter2@h",
        "http://u:hunter2@h x",
        "http://h?key=hunter2",
      ];
      for (const given of wrong)
        assert.throws(
          () => connect(EchoService, given),
          (error) => error instanceof TypeError && /^url: /.test(error.message) && !/hunter2/.test(error.message),
        );
    },
  };
}
