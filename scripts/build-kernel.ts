import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Clang 22 with its own linker, from PyPI: the same bytes on every platform. */
const COMPILER = "ziglang==0.17.1";
const KERNEL = new URL("../services/lib/risk-model/src/shap/kernel/", import.meta.url);
const FLAGS = [
  "-target",
  "wasm32-freestanding",
  "-mcpu=generic+simd128+bulk_memory",
  "-O3",
  // Bits must not depend on whether the compiler found a fused multiply-add.
  "-ffp-contract=off",
  "-nostdlib",
  "-Wl,--no-entry",
  "-Wl,--export=__heap_base",
  "-Wl,--strip-all",
];

/** A Python that runs the pinned compiler could not be set up. */
export class NoCompilerError extends Error {
  override readonly name = "NoCompilerError" as const;
}

/** Compiles the quadrature kernel with the pinned compiler, in a virtual environment made for it. */
export function compileKernel(): Uint8Array {
  const work = mkdtempSync(join(tmpdir(), "bellwether-kernel-"));
  try {
    const python = installCompiler(work);
    const wasm = join(work, "quadrature.wasm");
    const source = fileURLToPath(new URL("quadrature.c", KERNEL));
    execFileSync(python, ["-m", "ziglang", "cc", ...FLAGS, source, "-o", wasm], { stdio: "inherit" });
    return readFileSync(wasm);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The committed module that carries the compiled kernel. */
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

export const KERNEL_MODULE = fileURLToPath(new URL("quadrature-wasm.ts", KERNEL));

function installCompiler(work: string): string {
  const environment = join(work, "python");
  try {
    execFileSync("python3", ["-m", "venv", environment], { stdio: "pipe" });
    const python = join(environment, "bin", "python");
    execFileSync(python, ["-m", "pip", "install", "--quiet", "--no-deps", COMPILER], { stdio: "pipe" });
    return python;
  } catch (cause) {
    throw new NoCompilerError(`${COMPILER} cannot be installed: python3 with venv and pip is needed`, { cause });
  }
}

if (import.meta.main) writeFileSync(KERNEL_MODULE, kernelModule(compileKernel()));
