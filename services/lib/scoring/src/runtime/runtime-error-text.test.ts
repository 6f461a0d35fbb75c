import { expect, test } from "vitest";
import { runtimeErrorText } from "./runtime-error-text.ts";

test("colours, places in the runtime's sources and paths of the machine are not shown", () => {
  const text = runtimeErrorText(
    "\u001b[1;31mLoad model failed:\u001b[m /onnxruntime_src/onnxruntime/core/graph/model.cc:181 onnxruntime::Model::Model(ModelProto&&, const PathString&) Unsupported model IR version: 99,\n max supported IR version: 13; tried /tmp/models/secret-7.bin",
  );
  expect(text).toBe("Load model failed: Unsupported model IR version: 99, max supported IR version: 13; tried a file");
});

test("an ordinary text stays as it is, and a long one is cut at 300 characters", () => {
  expect(runtimeErrorText("Protobuf parsing failed.")).toBe("Protobuf parsing failed.");
  expect(runtimeErrorText("x".repeat(300))).toHaveLength(300);
  expect(runtimeErrorText("x".repeat(301))).toBe(`${"x".repeat(299)}…`);
});
