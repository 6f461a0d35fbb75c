/** Returns the fields of a T in a value from outside: each may be missing or of any type. */
export function unchecked<T>(value: unknown): { readonly [K in keyof T]?: unknown } {
  return Object(value);
}
