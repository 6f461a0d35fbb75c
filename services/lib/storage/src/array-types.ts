/**
 * The arrays that queries may take as parameters, for the `types` of postgres.js: int[], bigint[], float8[], text[] and uuid[]. With
 * `fetch_types` it would ask each new connection for all there are, and end the process when that connection breaks before it
 * answers: nobody can catch that failure. An array of another type reaches the server without its braces, and is refused there.
 */
export const ARRAY_TYPES = {
  int: arrayOf(1007),
  bigint: arrayOf(1016),
  float8: arrayOf(1022),
  text: arrayOf(1009),
  uuid: arrayOf(2951),
};

type Element = string | number | bigint | null;

/** One array type by its number in pg_type. */
function arrayOf(oid: number) {
  // As parameters only: what a query gives back stays the server's text.
  return { to: oid, from: [], serialize: arrayLiteral, parse: (raw: unknown) => raw };
}

/** An array in the server's text form. @throws TypeError for an element that is undefined, which would be stored as that word */
function arrayLiteral(elements: unknown): string {
  if (!Array.isArray(elements)) throw new TypeError("an array parameter wants an array");
  return `{${elements.map(elementText).join(",")}}`;
}

function elementText(element: Element | undefined): string {
  if (element === undefined) throw new TypeError("an array parameter has an element that is undefined");
  if (element === null) return "null";
  return `"${String(element).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
