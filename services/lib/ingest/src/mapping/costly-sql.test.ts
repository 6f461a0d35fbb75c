import { join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, readSmall, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { startIngestProcess } from "../child/ingest-process.ts";
import { IngestLimitError, MappingSqlError, withSqlPlace } from "../ingest-errors.ts";
import { DEFAULT_LIMITS, type IngestLimits } from "../ingest-limits.ts";

const ROWS = Array.from({ length: 200 }, (_, i) => `s${i},${i},10,EU`).join("\n");
const FILES = { "week.csv": `id,delay,amount,region\n${ROWS}\n` };
const [BEFORE = "", WEEKLY = ""] = SMALL_MAPPING.split("weekly:");
/** A mapping whose feature `amount` of weekly files is this SQL, in line 19. */
const mappingOf = (sql: string): string =>
  `${BEFORE}weekly:${WEEKLY.replace("features: [delay, amount]", `features:\n      delay: delay\n      amount: ${JSON.stringify(sql)}`)}`;

/** Reads the weekly file in the child process with a mapping, and returns the error, with the place in the file. */
async function errorOf(sql: string, limits: Partial<IngestLimits> = {}): Promise<unknown> {
  await using folder = await dataFolder(FILES);
  const pair = await smallPair({ mapping: mappingOf(sql) });
  await using reader = startIngestProcess();
  const request = {
    ...{ model: pair.model, mapping: pair.mapping, input: join(folder.path, "week.csv") },
    outParquet: join(folder.path, "out.parquet"),
    limits: { ...DEFAULT_LIMITS, folder: join(folder.path, "ingest"), sqlTimeoutMs: 1_000, ...limits },
  };
  const failed = await reader.run(request).then(
    () => new Error("the file was read"),
    (error: unknown) => error,
  );
  return withSqlPlace(failed, pair.sqlPlace);
}

const PLACE = "mapping, weekly.rows.features.amount (feature_mapping.yaml line 19): ";
const CROSS = "(select count(*) from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 9)";

test.each([
  ["a cross join", CROSS],
  [
    "a recursion that does not end",
    "(with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t)",
  ],
])(
  "%s in a feature is an error with the feature, its line and the way out",
  async (_, sql) => {
    const error = await errorOf(sql);
    expect(error).toBeInstanceOf(MappingSqlError);
    expect(String(error)).toContain(
      `${PLACE}with the other expressions, it ran longer than the 1 s of INGEST_STATEMENT_TIMEOUT, and alone longer than 0.25 s; join tables on a column`,
    );
  },
  60_000,
);

test("what DuckDB computes while it plans, and cannot be interrupted, ends with its process, and the error is the same", async () => {
  const error = await errorOf("levenshtein(repeat('ax', 200000), repeat('ab', 200000))");
  expect(String(error)).toContain(`${PLACE}with the other expressions, it ran longer than the 1 s`);
}, 90_000);

test.each([["memory that DuckDB does not count", "length(repeat(id, 100000000))"]])(
  "%s is an error with the feature, its line and the limit",
  async (_, sql) => {
    const error = await errorOf(sql, {
      maxMemoryBytes: 300 * 2 ** 20,
      memoryMb: 75,
      maxSpillBytes: 2 ** 26,
      sqlTimeoutMs: 30_000,
    });
    expect(error).toBeInstanceOf(IngestLimitError);
    expect(String(error)).toContain(PLACE);
    expect(String(error)).toMatch(/bytes of INGEST_MAX_(MEMORY|SPILL)_BYTES|bytes\) of INGEST_MAX_MEMORY_BYTES/);
  },
  90_000,
);

test("a value that cannot be computed is an error with the feature and its line", async () => {
  const error = await errorOf("list_sum(generate_series(1, 10000000000))");
  expect(String(error)).toContain(`${PLACE}Invalid Input Error: Lists larger`);
  expect(String(await errorOf("('x' || id)::integer"))).toContain(`${PLACE}Conversion Error: `);
}, 60_000);

test("in training, a feature that runs too long is named too", async () => {
  const mapping = SMALL_MAPPING.replace("features: [delay, amount]", `features: { delay: delay, amount: "${CROSS}" }`);
  const files = { "suppliers.csv": "id,delay,amount,late\ns1,1,10,0\ns2,2,20,1\n" };
  await expect(readSmall(files, { mapping, limits: { sqlTimeoutMs: 2_000 } })).rejects.toThrow(
    /^mapping, rows\.features\.amount: with the other expressions, it ran longer than the 2 s/,
  );
});
