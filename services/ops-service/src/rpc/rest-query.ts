import { knownNames } from "@bellwether/contract/nearest-name";
import { expectedNumber } from "@bellwether/mesh/call/expected-number";
import type { RestRoute } from "@bellwether/mesh/rest/rest-route";
import type { DescField } from "@bufbuild/protobuf";
import { QueryError } from "../domain/ops-error.ts";

/** Query parameters of the paths that list. */
export const PAGE_PARAMETERS = ["page_size", "page_token"];

/** Maximum number of characters of a caller's text that an error message repeats. */
const SHOWN_CHARACTERS = 80;

/** Returns the page of a query. @param field page_size of the request @throws QueryError */
export function pageFromQuery(query: URLSearchParams, field: DescField): { pageSize: number; pageToken: string } {
  return { pageSize: countFromQuery(query, "page_size", field), pageToken: query.get("page_token") ?? "" };
}

/** Returns a number of a query. 0: it is not given. @param field the request's field @throws QueryError */
export function countFromQuery(query: URLSearchParams, name: string, field: DescField): number {
  const text = query.get(name) ?? "0";
  // Fewer digits than the first number that a uint32 cannot have. The contract's bound is checked later.
  if (!/^\d{1,9}$/.test(text))
    throw new QueryError(name, `${shown(text)} is not possible; expected ${expectedNumber(field)}`);
  return Number(text);
}

/** Returns the text of a parameter. "": it is not given. */
export function textFromQuery(query: URLSearchParams, name: string): string {
  return query.get(name) ?? "";
}

/** Returns the values of the names of a parameter, for example of state=open. @throws QueryError that lists the valid names */
export function valuesFromQuery<V>(query: URLSearchParams, name: string, values: Readonly<Record<string, V>>): V[] {
  return query.getAll(name).map((text) => namedValue(name, values, text));
}

/** Returns the value of a name such as "open". @throws QueryError that lists the valid names */
export function namedValue<V>(field: string, values: Readonly<Record<string, V>>, text: string): V {
  const value = Object.hasOwn(values, text) ? values[text] : undefined;
  if (value === undefined)
    throw new QueryError(field, `${shown(text)} does not exist; ${knownNames(text, Object.keys(values))}`);
  return value;
}

/**
 * Creates the function that names a repeated parameter in an error in place of the request's field: "region" for
 * "regions[1]". @param parameters names of the parameters by those of their fields
 */
export function namingParameters(parameters: ReadonlyMap<string, string>): NonNullable<RestRoute["reword"]> {
  // An unknown parameter with the name of a field keeps its name: the query is empty in the error about it.
  return (text, { query }) =>
    text.replace(/^([a-z]+)(?:\[\d+\])?(?=:|$)/, (whole, field) => {
      const name = parameters.get(field);
      return name !== undefined && query.has(name) ? name : whole;
    });
}

/** Returns a caller's text as an error message shows it: quoted, at most 80 characters. */
export const shown = (text: string): string => JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
