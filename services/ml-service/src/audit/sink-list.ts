/** One sink of a list. */
export type SinkSpec =
  | { readonly kind: "ops" }
  | { readonly kind: "stdout" }
  | { readonly kind: "kafka" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "module"; readonly path: string };

const NEXT = `,(?=(?:ops|stdout|kafka)(?:,|$)|(?:file|module):)`;
const ONE = `(?:ops|stdout|kafka|(?:file|module):(?:(?!${NEXT}).){1,4096})`;

/** The valid values of `BELLWETHER_AUDIT_SINK`. */
export const AUDIT_SINK = {
  pattern: new RegExp(`^(?:off|${ONE}(?:,${ONE}){0,15})$`),
  expected: "off, or sinks with commas between them: ops, stdout, kafka, file:PATH, module:PATH",
};

/**
 * Returns the sinks of a value that has the form of AUDIT_SINK. A comma in a path separates only where a sink follows.
 * @throws Error when a sink is named twice
 */
export function parseSinkList(text: string): readonly SinkSpec[] {
  if (text === "off") return [];
  const names = text.split(new RegExp(NEXT));
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new Error(`BELLWETHER_AUDIT_SINK: ${twice} is named twice; name each sink once`);
  return names.map((name) => {
    if (name === "ops" || name === "stdout" || name === "kafka") return { kind: name };
    const colon = name.indexOf(":");
    return { kind: name.startsWith("file:") ? "file" : "module", path: name.slice(colon + 1) };
  });
}
