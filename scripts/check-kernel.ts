import { readFileSync } from "node:fs";
import { compileKernel, KERNEL_MODULE, kernelModule, NoCompilerError } from "./build-kernel.ts";

/**
 * Compiles the quadrature kernel again and compares it with the committed one, byte for byte. Exits with 1
 * when they differ. Without the compiler it prints a warning; in CI (CI=true) it exits with 1.
 */
function checkKernel(): number {
  try {
    if (kernelModule(compileKernel()) === readFileSync(KERNEL_MODULE, "utf8")) return 0;
    console.error("quadrature-wasm.ts does not come from quadrature.c: run `node scripts/build-kernel.ts`");
    return 1;
  } catch (error) {
    if (!(error instanceof NoCompilerError)) throw error;
    console.error(`kernel not checked: ${error.message}`);
    return process.env.CI === "true" ? 1 : 0;
  }
}

process.exitCode = checkKernel();
