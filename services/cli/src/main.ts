import { CommanderError } from "commander";
import { createProgram } from "./program.ts";

try {
  await createProgram({ env: process.env, cwd: process.cwd() }).parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(`bellwether: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof Error && error.name === "UsageError" ? 2 : 1;
  }
}
