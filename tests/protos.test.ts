import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const PROTOS = path.resolve(import.meta.dirname, "../proto/bellwether");
const files = globSync("**/*.proto", { cwd: PROTOS }).map((name) => ({
  name,
  text: readFileSync(path.join(PROTOS, name), "utf8"),
}));

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

test.each(files)("$name has the options of other languages that fit its package", ({ text }) => {
  const name = /^package ([\w.]+);$/m.exec(text)?.[1] ?? "";
  const parts = name.split(".");
  const options = [...text.matchAll(/^option (\w+) = (.+);$/gm)].map((match) => match.slice(1));
  expect(options).toEqual([
    ["csharp_namespace", `"${parts.map(capitalized).join(".")}"`],
    ["go_package", `"${parts.join("/")};${parts.slice(-2).join("")}"`],
    ["java_multiple_files", "true"],
    ["java_package", `"com.${name}"`],
  ]);
});

const rpcs = files.flatMap(({ name, text }) =>
  [...text.matchAll(/^ {2}rpc (\w+)\(([\s\S]*?)^ {2}\}$/gm)].map(([, rpc, body = ""]) => ({
    rpc: `${name} ${rpc}`,
    rule: /\(bellwether\.policy\.v1\.scope_rule\) = SCOPE_RULE_(\w+);/.exec(body)?.[1] ?? "UNSPECIFIED",
  })),
);

// A caller with a scope is denied until its contract says what the RPC does for such callers (docs/scopes.md).
test("every RPC declares what it does for callers who see only some suppliers", () => {
  expect(rpcs.length).toBeGreaterThan(100);
  expect(rpcs.filter(({ rule }) => rule === "UNSPECIFIED")).toEqual([]);
});

test("only ops-service, which stores the suppliers, filters by them", () => {
  const filtering = rpcs.filter(({ rule }) => rule === "FILTERED").map(({ rpc }) => rpc.split("/")[0]);
  expect(new Set(filtering)).toEqual(new Set(["echo", "ops"]));
});

/** Python, Rust and TypeScript keep the names of fields; Go, Java and C# change their case. */
const KEYWORDS = new Set(
  `and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not
  or pass raise return try while with yield
  const crate dyn enum extern fn impl let loop match mod move mut pub ref self static struct super trait type unsafe use where abstract
  become box do final gen macro override priv typeof unsized virtual
  case catch debugger default delete export extends function instanceof new null switch this throw var void interface package private
  protected public`.split(/\s+/),
);

test("no field is named like a keyword of a language that keeps its name", () => {
  const fields = files.flatMap(({ name, text }) =>
    [...text.matchAll(/^ +(?:(?:repeated|optional) )?(?:map<[^>]+>|[\w.]+) (\w+) = \d+/gm)].map(
      (match) => `${name} ${match[1]}`,
    ),
  );
  expect(fields.length).toBeGreaterThan(200);
  expect(fields.filter((field) => KEYWORDS.has(field.split(" ")[1] ?? ""))).toEqual([]);
});
