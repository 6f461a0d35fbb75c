import { expect, test } from "vitest";
import { parseModelSchedule } from "./model-schedule.ts";
import { parseYaml } from "./yaml-file.ts";

const parse = (yaml: string) => parseModelSchedule(parseYaml(yaml, "schedule.yaml"));

test("a schedule needs an input; the rest is as for the default model", () => {
  expect(parse("version: 1\ninput: delivery/{week}.csv\n")).toEqual({
    ...{ input: "delivery/{week}.csv", cron: null, timeZone: null, inputMarker: null, inputDeadlineHours: null },
  });
  const yaml =
    'version: 1\ninput: a.csv\ncron: "0 7 * * 2"\ntime_zone: Europe/Berlin\ninput_marker: done\ninput_deadline_hours: 168\n';
  expect(parse(yaml)).toEqual({
    ...{ input: "a.csv", cron: "0 7 * * 2", timeZone: "Europe/Berlin", inputMarker: "done", inputDeadlineHours: 168 },
  });
});

test("all violations of a schedule are reported", () => {
  expect(() =>
    parse(
      "version: 1\ncron: every Monday\ntime_zone: Berlin\ninput_marker: md5\ninput_deadline_hours: 169\nqueue: weekly\n",
    ),
  ).toThrow(/^6 violation\(s\)/);
  expect(() => parse('version: 1\ninput: ""\n')).toThrow("a path below the input folder or a URL");
});
