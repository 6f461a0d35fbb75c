import { inspect } from "node:util";
import { expect, test } from "vitest";
import { EnvError, env, readEnv } from "./env.ts";
import { Secret } from "./secret.ts";

function violationsOf(run: () => unknown): EnvError["violations"] {
  try {
    run();
  } catch (error) {
    if (error instanceof EnvError) return error.violations;
    throw error;
  }
  return [];
}

test("reads every kind of variable and uses the fallback of a variable that is not set", () => {
  const got = readEnv(
    {
      PORT: "0",
      ROWS: "4096",
      SHARE: "0.25",
      WAIT: "1.5s",
      PEER: "http://localhost:8081",
      STORE: "s3",
      DEMO: "true",
      DIR: "models",
      KEY: "abc",
      EMPTY: "",
    },
    {
      port: env.port("PORT", 8081),
      rows: env.integer("ROWS", { min: 1, max: 16384 }),
      share: env.number("SHARE", { min: 0, max: 1 }),
      waitMs: env.durationMs("WAIT"),
      peer: env.url("PEER", ["http", "https"]),
      store: env.choice("STORE", ["file", "s3"]),
      demo: env.flag("DEMO"),
      dir: env.path("DIR"),
      key: env.secret("KEY"),
      empty: env.port("EMPTY", 9081),
      absent: env.optional(env.url("ABSENT", ["https"])),
      timeoutMs: env.durationMs("TIMEOUT", "2s"),
    },
  );
  expect({ ...got, key: got.key.reveal() }).toEqual({
    port: 0,
    rows: 4096,
    share: 0.25,
    waitMs: 1500,
    peer: "http://localhost:8081",
    store: "s3",
    demo: true,
    dir: "models",
    key: "abc",
    empty: 9081,
    absent: null,
    timeoutMs: 2000,
  });
});

test("reports every violation at once with the value found and the expected form", () => {
  const violations = violationsOf(() =>
    readEnv(
      { PORT: "65536", ROWS: "12x", WAIT: "5", PEER: "localhost:80", STORE: "ftp" },
      {
        port: env.port("PORT", 8081),
        rows: env.integer("ROWS", { min: 1, max: 10, unit: "rows" }),
        waitMs: env.durationMs("WAIT", "1s", { min: "10ms", max: "1m" }),
        peer: env.url("PEER", ["http", "https"]),
        store: env.choice("STORE", ["file", "s3"]),
        needed: env.path("NEEDED"),
      },
    ),
  );
  expect(violations).toEqual([
    { name: "PORT", found: '"65536"', expected: "a port from 0 to 65535 (0 = any free one)" },
    { name: "ROWS", found: '"12x"', expected: "an integer from 1 to 10 (rows)" },
    { name: "WAIT", found: '"5"', expected: "a duration from 10ms to 1m with its unit: ms, s, m, h or d" },
    { name: "PEER", found: '"localhost:80"', expected: "a URL that starts with http: or https:" },
    { name: "STORE", found: '"ftp"', expected: "one of file, s3" },
    { name: "NEEDED", found: "nothing", expected: "a path of at most 4096 characters" },
  ]);
});

test.each([
  ["-1", false],
  ["0", true],
  ["65535", true],
  ["65536", false],
  ["80.5", false],
  ["0x50", false],
  ["8 0", false],
  ["NaN", false],
])("port %s is accepted: %s", (text, accepted) => {
  expect(violationsOf(() => readEnv({ P: text }, { p: env.port("P") })).length === 0).toBe(accepted);
});

test("a number outside its bounds, Infinity and an overflowing exponent are rejected", () => {
  for (const text of ["1.01", "Infinity", "1e999", "", " "])
    expect(violationsOf(() => readEnv({ N: text }, { n: env.number("N", { min: 0, max: 1 }) }))).toHaveLength(1);
});

test("an invalid secret is printed neither in the message nor in the violations", () => {
  const read = () =>
    readEnv(
      { KEY: "hunter2 with blanks", DATABASE_URL: "mysql://u:hunter2@h/db" },
      { key: env.secret("KEY"), db: env.optional(env.secretUrl("DATABASE_URL", ["postgres"])) },
    );
  const violations = violationsOf(read);
  expect(violations.map((m) => m.found)).toEqual(["[redacted]", "[redacted]"]);
  expect(read).toThrow(/^(?!.*hunter2)/s);
});

test("a secret prints [redacted] in every ordinary way and reveal() returns it", () => {
  const secret = new Secret("hunter2");
  const printed = [`${secret}`, JSON.stringify({ secret }), inspect({ deep: [secret] }), String(secret)];
  for (const text of printed) {
    expect(text).toContain("[redacted]");
    expect(text).not.toContain("hunter2");
  }
  expect(secret.reveal()).toBe("hunter2");
});

test("credentials inside an invalid URL that is not declared secret are not printed", () => {
  const [violation] = violationsOf(() => readEnv({ U: "ftp://me:hunter2@host/x" }, { u: env.url("U", ["http"]) }));
  expect(violation?.found).toBe('"ftp://[redacted]@host/x"');
});

test("a long invalid value is truncated in the violation", () => {
  const [violation] = violationsOf(() => readEnv({ P: "9".repeat(10_000) }, { p: env.port("P") }));
  expect(violation?.found.length).toBeLessThan(200);
});
