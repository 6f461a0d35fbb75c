import { CommanderError } from "commander";
import { createProgram } from "./program.ts";

// the reader of a pipe may have seen enough
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
try {
  const program = await createProgram({ env: process.env, cwd: process.cwd() }, process.argv.slice(2));
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(`bellwether: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof Error && error.name === "UsageError" ? 2 : 1;
  }
}
