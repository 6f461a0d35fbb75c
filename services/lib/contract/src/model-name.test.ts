import { expect, test } from "vitest";
import { MODEL_NAME_PATTERN } from "./model-name.ts";

test.each([
  ["supplier-risk", true],
  ["9abc", true],
  ["a", true],
  ["a".repeat(64), true],
  ["a".repeat(65), false],
  ["-abc", false],
  ["Abc", false],
  ["a_b", false],
  ["../a", false],
  ["a\n", false],
  ["", false],
])("%j as the name of a model: %s", (name, isValid) => expect(MODEL_NAME_PATTERN.test(name)).toBe(isValid));
