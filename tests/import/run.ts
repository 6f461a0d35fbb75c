// `npm run test:import [-- --keep]`: makes every kind of model with its real trainer and exporter, imports
// it, compares scores and contributions on 200 rows, and writes docs/model-import-matrix.md.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { readCommandLine } from "../../scripts/command-line.ts";
import { readKinds } from "./kinds.ts";
import { matrixPage } from "./matrix-page.ts";
import { type Measured, measureKind, TOLERANCE } from "./measure-kind.ts";

const { flags } = readCommandLine({
  command: "npm run test:import",
  about:
    "Trains and exports every kind of model with the packages of tests/import/requirements.txt, imports it and writes docs/model-import-matrix.md. Needs Python 3.12 or later; the packages go to tests/import/.venv.",
  flags: { keep: "uses the models of the previous run" },
  examples: ["", "--keep"],
  exitCodes: "1 when an imported model differs from its training library and import --expected accepts the model",
});

const here = (name: string): string => path.join(import.meta.dirname, name);
const OUT = here(".out");
const PAGE = path.resolve(import.meta.dirname, "../../docs/model-import-matrix.md");

if (!flags.keep || !existsSync(path.join(OUT, "kinds.jsonl"))) {
  execFileSync(pythonWithTrainers(), [here("make_models.py"), OUT], { stdio: ["ignore", "inherit", "ignore"] });
}
const { versions, kinds, bytes } = readKinds(OUT);
const measured: Measured[] = [];
for (const kind of kinds) {
  const started = performance.now();
  const found = await measureKind(kind, kind.file === null ? null : bytes(kind.file));
  measured.push(found);
  const figures = "score" in found ? `score ${found.score ?? "–"} contributions ${found.contributions ?? "–"}` : "";
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${found.result.padEnd(12)} ${kind.trainer} | ${kind.what} | ${kind.form} ${figures} ${seconds} s`);
  if (found.remark !== "") console.log(`             ${found.remark}`);
}
writeFileSync(PAGE, matrixPage(versions, kinds, measured));
const apart = measured.filter(
  (found) => found.result === "imported" && Math.max(found.score ?? 0, found.contributions ?? 0) > TOLERANCE,
);
const count = (result: Measured["result"]): number => measured.filter((found) => found.result === result).length;
console.log(
  `${kinds.length} kinds: ${count("imported")} imported, ${count("misconverted")} misconverted by their converter, ${count("rejected")} rejected, ${count("no file")} without a file; ${apart.length} differ by more than ${TOLERANCE}`,
);
process.exitCode = apart.length === 0 ? 0 : 1;

/**
 * Returns the path of a Python with the trainers. It is installed at the first call and after
 * requirements.txt has changed.
 */
function pythonWithTrainers(): string {
  const python = here(".venv/bin/python");
  const wanted = readFileSync(here("requirements.txt"), "utf8");
  const mark = here(".venv/installed.txt");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return python;
  execFileSync(newPython(), ["-m", "venv", "--clear", here(".venv")], { stdio: "inherit" });
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", here("requirements.txt")];
  execFileSync(python, pip, { stdio: "inherit" });
  writeFileSync(mark, wanted);
  return python;
}

/** Returns the path of a Python that is new enough for the trainers (3.12 or later). */
function newPython(): string {
  const pyenv = path.join(os.homedir(), ".pyenv/versions");
  const candidates = [
    ...["python3.14", "python3.13", "python3.12", "python3"],
    ...["3.14.0", "3.13.0", "3.12.1"].map((version) => path.join(pyenv, version, "bin/python3")),
  ];
  const isNew = (python: string): boolean => {
    try {
      execFileSync(python, ["-c", "import sys; sys.exit(sys.version_info < (3, 12))"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };
  const found = candidates.find(isNew);
  if (found === undefined) throw new Error("no Python 3.12 or later found; install one to make the models");
  return found;
}
