import { createHash } from "node:crypto";
import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { rpcError } from "../errors/rpc-error.ts";

/** Length of the filter's hash in characters: long enough that two filters do not collide by accident. */
const FILTER_CHARACTERS = 12;

/** Writes and reads the page tokens of one list with one filter. */
export interface PageTokens {
  /** A token for the page after the row with this key. Parts of the key must not contain a space. */
  write(key: readonly (string | number)[]): string;
  /**
   * Returns the key in a token; undefined: the token is empty, which means the first page.
   * @param length number of parts of a key
   * @throws ConnectError INVALID_ARGUMENT `PAGE_TOKEN`: the token belongs to another list or another filter
   */
  read(token: string, length: number): readonly string[] | undefined;
}

/**
 * Returns the page tokens of a list request. They are bound to the request's type and to all its fields
 * except `page_size` and `page_token`, so that a token is never used with another filter.
 * @param context other values that decide the list and its order, for example the default of an empty field
 */
export function pageTokens<D extends DescMessage>(
  schema: D,
  request: MessageShape<D>,
  ...context: readonly string[]
): PageTokens {
  const filter = create(schema, { ...request, pageSize: 0, pageToken: "" } as MessageShape<D>);
  const hash = createHash("sha256").update(JSON.stringify([schema.typeName, ...context]));
  const bound = hash.update(toBinary(schema, filter)).digest("base64url").slice(0, FILTER_CHARACTERS);
  return {
    write: (key) => encode([bound, ...key]),
    read(token, length) {
      if (token === "") return undefined;
      const [of = "", ...key] = Buffer.from(token, "base64url").toString().split(" ");
      if (key.length !== length || encode([of, ...key]) !== token) throw pageTokenError();
      if (of !== bound)
        throw rejected(
          "belongs to a list with another filter; repeat the request that it came from, or start without a token",
        );
      return key;
    },
  };
}

/** Returns the error for a token whose key cannot belong to this list. */
export function pageTokenError(): ConnectError {
  return rejected("does not belong to this list; use next_page_token of the previous page, unchanged");
}

function rejected(description: string): ConnectError {
  const fieldViolations = [{ field: "page_token", description }];
  return rpcError(Code.InvalidArgument, "PAGE_TOKEN", `page_token ${description}`, { fieldViolations });
}

function encode(parts: readonly (string | number)[]): string {
  return Buffer.from(parts.join(" ")).toString("base64url");
}
