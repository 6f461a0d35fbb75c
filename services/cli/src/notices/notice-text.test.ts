import { NoticeDestinationSchema } from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { collectedLine } from "./notice-text.ts";

const at = timestampFromDate(new Date("2026-12-01T02:40:00Z"));
const lineOf = (over: MessageInitShape<typeof NoticeDestinationSchema>) =>
  collectedLine(create(NoticeDestinationSchema, { name: "jane", ...over }));

test.each([
  [{ collected: 0, nextDeliveryAt: at }, ""],
  [
    { collected: 2, nextDeliveryAt: at },
    "2 changes of alerts are collected for jane (digest or quiet hours), next delivery at 2026-12-01 02:40 UTC: notices destinations",
  ],
  [{ collected: 1 }, "1 change of an alert is collected for jane (digest or quiet hours): notices destinations"],
  [
    { collected: 10_001, disabledAt: at },
    "more than 10000 changes of alerts are collected for jane, which is disabled (digest or quiet hours): notices destinations",
  ],
])("what is collected for a destination is said with its next delivery: %o", (destination, line) => {
  expect(lineOf(destination)).toBe(line);
});
