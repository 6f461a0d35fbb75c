import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const KERNEL = path.join(ROOT, "services/lib/tree-model/src/shap/kernel");
/** Path of the file with the version and hashes of the compiler, a package on PyPI (Linux on x64 and arm64). */
const COMPILER = path.join(ROOT, "scripts/kernel-compiler.txt");
const ENVIRONMENT = path.join(ROOT, "node_modules/.cache/kernel-compiler");
const FLAGS = [
  "-target",
  "wasm32-freestanding",
  "-mcpu=generic+simd128+bulk_memory",
  "-O3",
  // No fused multiply-add: the results must be bit-identical on every machine.
  "-ffp-contract=off",
  // No strength reduction: it replaces the addresses of record fields by sums that V8 then has to compute,
  // which is 5 % slower.
  "-mllvm",
  "-disable-lsr",
  "-nostdlib",
  "-Wl,--no-entry",
  "-Wl,--export=__heap_base",
  "-Wl,--strip-all",
];

/** The committed module that contains the compiled kernel. */
export const KERNEL_MODULE = path.join(KERNEL, "quadrature-wasm.ts");

/** The pinned compiler could not be installed. */
export class NoCompilerError extends Error {
  override readonly name = "NoCompilerError" as const;
}

/**
 * Compiles the quadrature kernel with the pinned compiler, which is installed at first use.
 * @throws NoCompilerError without a Python that has venv and pip, or without the package
 */
export function compileKernel(): Uint8Array {
  const python = installCompiler();
  const work = mkdtempSync(path.join(tmpdir(), "bellwether-kernel-"));
  try {
    const wasm = path.join(work, "quadrature.wasm");
    const compile = ["-m", "ziglang", "cc", ...FLAGS, path.join(KERNEL, "quadrature.c"), "-o", wasm];
    execFileSync(python, compile, { stdio: "inherit" });
    return readFileSync(wasm);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Returns the text of the committed module for a compiled kernel. */
export function kernelModule(wasm: Uint8Array): string {
  const lines =
    Buffer.from(wasm)
      .toString("base64")
      .match(/.{1,110}/g) ?? [];
  return `// Compiled from quadrature.c by scripts/build-kernel.ts: change the source, never this file.
// biome-ignore format: one line of base64 a line
export const quadratureWasm =
${lines.map((line) => `  "${line}"`).join(" +\n")};
`;
}

function installCompiler(): string {
  const python = path.join(ENVIRONMENT, "bin", "python");
  // Copy of the requirements that were installed: when the pinned version changes, the compiler is installed
  // again.
  const installed = path.join(ENVIRONMENT, "requirements.txt");
  const wanted = readFileSync(COMPILER, "utf8");
  if (existsSync(installed) && readFileSync(installed, "utf8") === wanted) return python;
  try {
    rmSync(ENVIRONMENT, { recursive: true, force: true });
    execFileSync("python3", ["-m", "venv", ENVIRONMENT], { stdio: "pipe" });
    execFileSync(python, ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", COMPILER], { stdio: "pipe" });
    writeFileSync(installed, wanted);
    return python;
  } catch (cause) {
    throw new NoCompilerError("the pinned compiler cannot be installed: python3 with venv and pip is needed", {
      cause,
    });
  }
}

if (import.meta.main) writeFileSync(KERNEL_MODULE, kernelModule(compileKernel()));
