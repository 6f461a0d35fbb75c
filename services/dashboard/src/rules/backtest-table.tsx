import type { BacktestWeek } from "@bellwether/gen/bellwether/ops/v1/backtest_pb";
import { countText } from "../parts/format.ts";
import { Wide } from "../parts/wide.tsx";
import { type Finding, sumOf } from "./week-sums.ts";

const FINDINGS: readonly (readonly [name: string, finding: Finding])[] = [
  ["Decided as real", "decidedReal"],
  ["Decided as not real", "decidedNotReal"],
  ["Came true", "occurred"],
  ["Did not come true", "notOccurred"],
];

/** The weeks of a back-test, newest first. */
export function BacktestTable({ weeks }: { weeks: readonly BacktestWeek[] }) {
  return (
    <Wide label="Weeks of the test">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Week</th>
            <th scope="col">By the draft</th>
            <th scope="col">At the time</th>
            {FINDINGS.map(([name]) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.toReversed().map((week) => (
            <tr key={week.isoWeek}>
              <th scope="row">
                {week.isoWeek}
                {week.overBudget && <small>over the budget</small>}
              </th>
              <td className="number labelled" data-label="By the draft">
                {countText(week.raised)}
              </td>
              <td className="number labelled" data-label="At the time">
                {countText(week.recordedRaised)}
              </td>
              {FINDINGS.map(([name, finding]) => (
                <td key={name} className="number labelled" data-label={name}>
                  {countText(sumOf(week, finding))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
