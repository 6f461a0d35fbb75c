import { UUID_PATTERN } from "@bellwether/contract/uuid";

/** The names of values in an address. */
export type Names<V extends number> = Readonly<Record<string, V>>;

/** Returns an id of an address. Empty: it is none. */
export const uuidOf = (text: string | null): string => (text !== null && UUID_PATTERN.test(text) ? text : "");

/** Returns the value of a name. Undefined: the name is not known. */
export function named<V extends number>(names: Names<V>, name: string): V | undefined {
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

/** Returns the name of a value; the value itself where it has no name. */
export function nameOf(names: Names<number>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? String(value);
}

/** Returns the query, from "?" on. Undefined and empty values are left out. */
export function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value ? [`${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`] : [],
  );
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}
