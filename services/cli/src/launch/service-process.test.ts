import { expect, test } from "vitest";
import { startErrorText } from "./service-process.ts";

test.each([
  [
    "2 violation(s) in the configuration:\n  a.yaml:1:1 …\n  a.yaml:2:1 …",
    "2 violation(s) in the configuration (see above)",
  ],
  ["cannot listen on 127.0.0.1:80 for web: in use", "cannot listen on 127.0.0.1:80 for web: in use"],
  ["no database\n", "no database"],
])("the lines that a service has printed are not repeated: %j", (startError, line) => {
  expect(startErrorText(startError)).toBe(line);
});
