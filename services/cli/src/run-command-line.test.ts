import { expect, onTestFinished, test, vi } from "vitest";
import { runCommandLine } from "./run-command-line.ts";

/** Returns what a command prints on standard error with these variables. */
async function errorsWith(env: Readonly<Record<string, string>>): Promise<string> {
  const { exitCode } = process;
  onTestFinished(() => {
    process.exitCode = exitCode;
    vi.restoreAllMocks();
  });
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  await runCommandLine({ env, cwd: "/" }, ["--version"]);
  return log.mock.calls.join("\n");
}

test("variables with a prefix of the project that no program reads are named with the nearest one", async () => {
  expect(await errorsWith({ BELLWETHER_FEATURE_MAPING: "mine.yaml", WEEKLY_XYZ_QQ: "1" })).toBe(
    "bellwether: the environment sets BELLWETHER_FEATURE_MAPING, which no program reads; did you mean BELLWETHER_FEATURE_MAPPING?\n" +
      "bellwether: the environment sets WEEKLY_XYZ_QQ, which no program reads; correct its name or remove it",
  );
});

test("known variables and those of other programs are not named", async () => {
  expect(await errorsWith({ BELLWETHER_FEATURE_MAPPING: "mine.yaml", PATH: "/bin" })).toBe("");
});
