/** A store cannot be used. The message has one line and states how to correct the problem. */
export class StorageError extends Error {
  override readonly name = "StorageError" as const;
}

/** Returns the URL of a store for messages: without user and password. */
export function addressForMessages(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** Returns the innermost code or message of an error, as one line. */
export function shortCause(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return shortCause(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ECONNREFUSED") return "nothing listens there";
  return error.message.split("\n", 1)[0]?.replace(/\.+$/, "") || error.name;
}
