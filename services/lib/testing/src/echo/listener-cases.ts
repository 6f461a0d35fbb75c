import { type Code, ConnectError } from "@connectrpc/connect";
import { collect, type EchoClient, LISTENER_CLIENTS } from "./start-echo.ts";

/** One call of each shape for testing a policy: all must end with the same status. */
const SHAPES: Readonly<
  Record<string, (client: EchoClient, behavior: object, signal?: AbortSignal) => Promise<unknown>>
> = {
  unary: (client, behavior, signal) => client.echo({ id: "x", behavior }, signal ? { signal } : {}),
  streaming: (client, behavior, signal) => collect(client.count({ to: 1, behavior }, signal ? { signal } : {})),
};

/** A call of each shape at each listener. */
export const CASES = Object.entries(LISTENER_CLIENTS).flatMap(([listener, transport]) =>
  Object.entries(SHAPES).map(([shape, call]) => ({ listener, shape, transport, call })),
);

/** Returns the code of the error with which a call ended, or "OK". */
export function codeOf(call: Promise<unknown>): Promise<Code | "OK"> {
  return call.then(
    () => "OK" as const,
    (error) => ConnectError.from(error).code,
  );
}
