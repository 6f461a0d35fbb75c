import { setTimeout as delay } from "node:timers/promises";
import { type Behavior, EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { callerOf } from "@bellwether/mesh/call/caller";
import { type Route, route } from "@bellwether/mesh/call/route";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Code, HandlerContext } from "@connectrpc/connect";

/** An error that a request asks for with `Behavior.fail_code`. */
export class AskedForError extends Error {
  override readonly name = "AskedForError" as const;
  readonly code: Code;
  readonly metadata = { asked: "yes" };

  constructor(text: string, code: Code) {
    super(text);
    this.code = code;
  }
}

/** An error name for each code, so that a table can map it: "AskedFor7Error" has code 7. */
export const ECHO_ERRORS: Readonly<Record<string, Code>> = Object.fromEntries(
  Array.from({ length: 16 }, (_, i) => [`AskedFor${i + 1}Error`, i + 1]),
);

/** Callbacks for events inside the service, for tests. */
export interface EchoObserver {
  /** Called when a handler starts. */
  started(method: string): void;
  /** Called when a handler's signal is aborted, or its generator is closed early. */
  ended(method: string): void;
}

const UNOBSERVED: EchoObserver = { started: () => {}, ended: () => {} };

/** Returns the echo service of every mesh test, the interop clients, the fault tests and the benchmark. */
export function echoRoute(observer: EchoObserver = UNOBSERVED): Route {
  let increments = 0n;
  return route(EchoService, {
    echo(request, context) {
      observer.started("Echo");
      const answer = () => ({ request, caller: callerOf(context).subject });
      // Without a behavior the response is returned synchronously, as from a cache.
      return request.behavior ? behave(request.behavior, context).then(answer) : answer();
    },
    async increment(request, context) {
      observer.started("Increment");
      increments += 1n;
      await behave(request.behavior, context);
      return { count: increments };
    },
    measure: (request) => ({ size: request.payload.byteLength }),
    async *count({ to, padding, behavior }, context) {
      observer.started("Count");
      try {
        context.responseHeader.set("echo-header", "h");
        context.responseTrailer.set("echo-trailer", "t");
        const bytes = new Uint8Array(padding);
        for (let number = 1; number <= to; number++) {
          if (behavior)
            await behave({ ...behavior, failCode: number > behavior.failAfter ? behavior.failCode : 0 }, context);
          yield { number, padding: bytes };
        }
      } finally {
        observer.ended("Count");
      }
    },
    async sum(requests) {
      observer.started("Sum");
      let sum = 0n;
      for await (const { number } of requests) sum += BigInt(number);
      return { sum };
    },
    async *chat(requests, context) {
      observer.started("Chat");
      try {
        for await (const { text, behavior } of requests) {
          await behave(behavior, context);
          yield { text };
        }
      } finally {
        observer.ended("Chat");
      }
    },
  });
}

async function behave(
  behavior: Behavior | undefined,
  { signal, requestHeader, responseHeader, responseTrailer }: HandlerContext,
) {
  const tag = requestHeader.get("echo-request");
  if (tag !== null) {
    responseHeader.set("echo-header", tag);
    responseTrailer.set("echo-trailer", tag);
  }
  if (!behavior) return;
  if (behavior.delay) await delay(milliseconds(behavior.delay), undefined, { signal });
  if (behavior.burn) burn(milliseconds(behavior.burn));
  if (behavior.failUnknown) throw new TypeError("a secret that no client may see");
  if (behavior.failCode > 0) {
    const error = new AskedForError(behavior.failText, behavior.failCode);
    throw Object.defineProperty(error, "name", { value: `AskedFor${behavior.failCode}Error` });
  }
}

function milliseconds({ seconds, nanos }: Duration): number {
  return Number(seconds) * 1000 + nanos / 1e6;
}

/** Computes on the event loop, like a handler that scores inline. */
function burn(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
