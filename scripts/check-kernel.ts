import { readFileSync } from "node:fs";
import { compileKernel, KERNEL_MODULE, kernelModule, NoCompilerError } from "./build-kernel.ts";

/**
 * Compiles the quadrature kernel afresh and compares it with the committed one, byte for byte.
 * Exit code 1 when they differ; without the compiler a warning, in CI (CI=true) a failure.
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
