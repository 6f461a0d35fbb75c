import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { readKinds } from "./kinds.ts";
import { measureKind, TOLERANCE } from "./measure-kind.ts";

/** The committed part of the support matrix: small models, made by `make_models.py small --small`. */
const SMALL = path.join(import.meta.dirname, "small");
/** All kinds; the folder exists after `npm run test:import`. */
const ALL = path.join(import.meta.dirname, ".out");

const MISCONVERTED = ["histogram boosting, categories"];

describe("small models of current trainers", () => {
  const { kinds, bytes } = readKinds(SMALL);

  test.each(kinds.map((kind) => [`${kind.trainer}, ${kind.what}, ${kind.form}`, kind] as const))(
    "%s",
    async (_, kind) => {
      const found = await measureKind(kind, kind.file === null ? null : bytes(kind.file));
      if (kind.what === "dump_model") {
        expect(found).toMatchObject({ result: "rejected", remark: expect.stringContaining("dump of XGBoost") });
      } else if (MISCONVERTED.includes(kind.what)) {
        expect(found).toMatchObject({
          result: "misconverted",
          remark: expect.stringContaining("the converter (skl2onnx)"),
        });
      } else {
        const contributions = kind.without === undefined ? expect.any(Number) : null;
        expect(found).toMatchObject({ result: "imported", score: expect.any(Number), contributions });
        if ("score" in found) expect(Math.max(found.score ?? 0, found.contributions ?? 0)).toBeLessThan(TOLERANCE);
      }
    },
  );
});

// npm run test:import makes the files of all kinds and measures each. Where it has run, this test measures
// its files too.
if (existsSync(path.join(ALL, "kinds.jsonl")))
  describe("all kinds (made by npm run test:import)", () => {
    test("every imported kind has the scores and contributions of its trainer", { timeout: 300_000 }, async () => {
      const { kinds, bytes } = readKinds(ALL);
      for (const kind of kinds) {
        const found = await measureKind(kind, kind.file === null ? null : bytes(kind.file));
        if (found.result !== "imported") continue;
        const name = `${kind.trainer}, ${kind.what}, ${kind.form}`;
        expect([name, Math.max(found.score ?? 0, found.contributions ?? 0) <= TOLERANCE]).toEqual([name, true]);
      }
    });
  });
