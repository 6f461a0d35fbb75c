/** The expected result of each case for every client, as JSON; codes are numbers. */
export const EXPECTED: Readonly<Record<string, unknown>> = {
  unary: { id: "interop", features: { a: 1.5, ü: -2.25 }, text: "Lieferant é 😀", payload: "AP8=" },
  server_stream: [1, 2, 3],
  error_details: { code: 9, message: "no détail 100%", reason: "ASKED_FOR9", domain: "bellwether", asked: "yes" },
  validation: { code: 3, fields: ["id"] },
  deadline: { code: 4 },
  cancel: { code: 1 },
  metadata: { header: "tag", trailer: "tag" },
  gzip: { id: "zipped", size: 100_000 },
  big: { size: 3 * 1024 * 1024, sum: 3 * 1024 * 1024 * 7 },
  bidi: ["a", "b"],
};

/** The result of one case as a client reports it: one line of JSON on its standard output. */
export interface Report {
  readonly case: string;
  readonly result: unknown;
}

/** Returns the cases for a client. Without `bidi` (browsers) they exclude streams in both directions. */
export function casesFor(bidi: boolean): string[] {
  return Object.keys(EXPECTED).filter((name) => bidi || name !== "bidi");
}
