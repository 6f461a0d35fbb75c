import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

/** Returns a time for a sentence, to the minute: "2026-12-01 06:00 UTC". */
export const minuteText = (at: Timestamp): string =>
  `${timestampDate(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
