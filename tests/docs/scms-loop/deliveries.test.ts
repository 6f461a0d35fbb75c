import { expect, test } from "vitest";
import { DAY_MS, labelsOfWeek } from "./deliveries.ts";

/** The Sunday on which 2012-W39 ends. */
const FROM = Date.UTC(2012, 8, 30) / DAY_MS;
const line = (vendor: string, scheduled: number, delay: number) => ({
  ...{ vendor, scheduledDay: FROM + scheduled, deliveredDay: FROM + scheduled + delay },
});

test("a vendor with more than a tenth of its lines late is late, from the day on which the last line is delivered", () => {
  const tenth = (vendor: string, late: number) =>
    Array.from({ length: 10 }, (_, i) => line(vendor, i, i < late ? 200 : 0));
  const labels = labelsOfWeek([...tenth("exactly a tenth", 1), ...tenth("more", 2)], "2012-W39");
  expect(labels).toEqual([
    { vendor: "exactly a tenth", isoWeek: "2012-W39", isLate: false, knownDay: FROM + 200 },
    { vendor: "more", isoWeek: "2012-W39", isLate: true, knownDay: FROM + 201 },
  ]);
});

test("the window begins on the Sunday, ends before the ninetieth day after it, and needs three lines", () => {
  const lines = [line("a", 0, 0), line("a", 89, 0), line("a", 90, 5), line("a", -1, 5)];
  expect(labelsOfWeek(lines, "2012-W39")).toEqual([]);
  expect(labelsOfWeek([...lines, line("a", 5, -3)], "2012-W39")).toMatchObject([
    { vendor: "a", isLate: false, knownDay: FROM + 91 },
  ]);
});
