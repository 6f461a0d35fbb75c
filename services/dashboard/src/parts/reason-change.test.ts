import { ReasonSchema } from "@bellwether/gen/bellwether/ops/v1/reason_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { reasonChangeText } from "./reason-change.ts";

const text = (init: MessageInitShape<typeof ReasonSchema>) => reasonChangeText(create(ReasonSchema, init), ["en"]);

test("a reason has its value, and the value of the week before where it differs", () => {
  expect(text({ feature: "past_disputes", value: 7, previousValue: 4 })).toBe("past disputes 7, was 4");
  expect(text({ feature: "past_disputes", value: 7, previousValue: 7 })).toBe("past disputes 7");
  expect(text({ feature: "past_disputes", value: 7 })).toBe("past disputes 7");
  expect(text({ feature: "region", category: "US", previousCategory: "EU" })).toBe("region US, was EU");
});

test("without a recorded value the server's text is shown", () => {
  expect(text({ feature: "spend", text: "spend not known (typical 5)" })).toBe("spend not known (typical 5)");
  expect(text({ feature: "contract_text", text: 'contract text with "penalty"' })).toBe('contract text with "penalty"');
  expect(text({ feature: "spend" })).toBe("spend");
});
