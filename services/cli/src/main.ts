import { runCommandLine } from "./run-command-line.ts";

// EPIPE: the reader of a pipe closed it, for example `head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
await runCommandLine({ env: process.env, cwd: process.cwd() }, process.argv.slice(2));
