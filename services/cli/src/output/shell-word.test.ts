import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellWord } from "./shell-word.ts";

test("a plain word stays as it is, and every other one is read by a shell as it was", () => {
  expect(shellWord("config/my-model_2.yaml")).toBe("config/my-model_2.yaml");
  const hostile = ["two words", "it's", "$HOME", "`id`", "a;b", "{week}.csv", "", '"', "s3://b/k?a=1&b=2"];
  const printed = execFileSync("sh", ["-c", `printf '%s\\n' ${hostile.map(shellWord).join(" ")}`], {
    encoding: "utf8",
  });
  expect(printed.split("\n").slice(0, -1)).toEqual(hostile);
});
