import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { BacktestRulesResponse } from "@bellwether/gen/bellwether/ops/v1/backtest_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useState } from "react";
import { countOf, scoreText } from "../parts/format.ts";
import { failureText } from "../rpc/failure-text.ts";
import { useBlockedReason } from "../rpc/live.ts";
import { withTimeout } from "../rpc/transport.ts";
import { BacktestPlot } from "./backtest-plot.tsx";
import { BacktestTable } from "./backtest-table.tsx";

const BACKTEST_TIMEOUT_MS = 120_000;

/** Tests the draft of a rule set on past weeks. Nothing is written. @param modelName empty: the default model */
export function BacktestCard({ modelName, setId, version }: { modelName: string; setId: string; version: bigint }) {
  const transport = useTransport();
  const blocked = useBlockedReason();
  const [isRunning, setRunning] = useState(false);
  const [found, setFound] = useState<BacktestRulesResponse>();
  const [problem, setProblem] = useState("");
  const run = async (): Promise<void> => {
    if (blocked !== undefined || isRunning) return;
    setRunning(true);
    setProblem("");
    try {
      const call = withTimeout(transport, BACKTEST_TIMEOUT_MS);
      setFound(await callUnaryMethod(call, AlertService.method.backtestRules, { modelName, draftSetId: setId }));
    } catch (error) {
      setProblem(failureText(error));
    } finally {
      setRunning(false);
    }
  };
  return (
    <section className="card" aria-labelledby="backtest">
      <h2 id="backtest">Test of the draft on past weeks</h2>
      <p className="quiet">
        Which alerts version {String(version)} would have raised, beside what was decided and what came true. Nothing is
        changed.
      </p>
      <p>
        <button type="button" aria-disabled={isRunning || blocked !== undefined} onClick={() => void run()}>
          {isRunning ? "Testing…" : found ? "Test again" : "Test the draft"}
        </button>
      </p>
      {(blocked ?? problem) !== "" && (
        <p className="problem" role="alert">
          {blocked ?? visibleText(problem)}
        </p>
      )}
      {found && <Result found={found} />}
    </section>
  );
}

function Result({ found }: { found: BacktestRulesResponse }) {
  const { weeks, rules, weeklyBudget, weeksOverBudget, raisedAtOnce, notes } = found;
  return (
    <>
      <p role="status">
        {countOf(weeks.length, "complete week")} from {found.fromWeek} to {found.toWeek};{" "}
        {countOf(raisedAtOnce, "alert")} in the next run if the scores stay as they are;{" "}
        {countOf(weeksOverBudget, "week")} over the budget of {countOf(weeklyBudget, "new alert")} a week.
      </p>
      {notes.length > 0 && (
        <ul>
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {weeks.length > 0 && <BacktestPlot weeks={weeks} weeklyBudget={weeklyBudget} />}
      <ul>
        {rules.map(({ ruleId, raised, suppliers, precision, precisionLow, precisionHigh, occurred, notOccurred }) => (
          <li key={ruleId}>
            <strong>{ruleId}</strong>: {countOf(raised, "alert")} about {countOf(suppliers, "supplier")},{" "}
            {precision === undefined
              ? "no outcome is known"
              : `precision ${scoreText(precision)} (${scoreText(precisionLow)} to ${scoreText(precisionHigh)}) of ${countOf(occurred + notOccurred, "alert")} with a known outcome`}
          </li>
        ))}
      </ul>
      {weeks.length > 0 && (
        <details>
          <summary>All weeks of the test as a table</summary>
          <BacktestTable weeks={weeks} />
        </details>
      )}
    </>
  );
}
