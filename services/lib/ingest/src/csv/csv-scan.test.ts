import { expect, test } from "vitest";
import { CsvScan } from "./csv-scan.ts";

test("measures the line that has not ended, also within quotes and with CR as the line end", () => {
  const scan = new CsvScan(",");
  scan.add(Buffer.from("a,b"));
  expect([scan.isFirstLine, scan.openLineBytes]).toEqual([true, 3]);
  scan.add(Buffer.from('\n1,"x\ny'));
  expect([scan.isFirstLine, scan.openLineBytes]).toEqual([false, 1]);
  scan.add(Buffer.from("zz"));
  expect(scan.openLineBytes).toBe(3);
  scan.add(Buffer.from('"\r'));
  expect(scan.openLineBytes).toBe(0);
});
