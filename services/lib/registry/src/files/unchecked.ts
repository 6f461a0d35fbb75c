/** The fields that a T has, as they stand in a value from outside: each may be missing or of any type. */
export function unchecked<T>(value: unknown): { readonly [K in keyof T]?: unknown } {
  return Object(value);
}
