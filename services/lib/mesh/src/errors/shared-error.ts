import type { ConnectError } from "@connectrpc/connect";

/**
 * Returns a function whose calls all return one error, which the first call creates. For errors that a flood needs again
 * and again. A start should create none: the first error of a process loads the `Headers` of Node, which takes 20 ms.
 */
export function sharedError(create: () => ConnectError): () => ConnectError {
  let error: ConnectError | undefined;
  return () => {
    error ??= create();
    return error;
  };
}
