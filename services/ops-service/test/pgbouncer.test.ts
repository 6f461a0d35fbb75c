import { hasPgBouncer, startPgBouncer } from "@bellwether/testing/pgbouncer";
import { usePostgres } from "@bellwether/testing/postgres-cluster";
import { expect, test, vi } from "vitest";
import { runWeek, seenAlert, startOps } from "./ops-harness.ts";

test.skipIf(!hasPgBouncer())(
  "two replicas behind PgBouncer in session mode migrate, run a week, watch alerts and verify the audit log (skipped where there is no pgbouncer)",
  async () => {
    await using cluster = await usePostgres();
    const direct = await cluster.createDatabase();
    await using bouncer = await startPgBouncer(direct);
    const url = bouncer.through(direct);
    const [one, two] = await Promise.all([startOps(url), startOps(url)]);
    await using stack = new AsyncDisposableStack();
    stack.use(one);
    stack.use(two);
    const heard: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const { alerts } of two.alerts.watchAlerts({}, { signal: stop.signal }))
        heard.push(...(alerts.length === 0 ? ["ready"] : alerts.map(({ supplierId }) => supplierId)));
    })().catch(() => {});
    await vi.waitFor(() => expect(heard).toEqual(["ready"]), { timeout: 20_000 });
    await runWeek(one, "2026-W01", [
      { id: "s1", score: 0.9 },
      { id: "s2", score: 0.2 },
    ]);
    await vi.waitFor(() => expect(heard).toContain("s1"), { timeout: 20_000 });
    stop.abort();
    await watching;
    const { alerts } = await two.alerts.listAlerts({ ruleId: "high-score" });
    const alertId = alerts[0]?.alertId ?? "";
    await two.alerts.acknowledgeAlert(await seenAlert(two, alertId));
    expect((await one.alerts.getAlert({ alertId })).alert?.acknowledgedBy).toBe("anonymous");
    expect(await one.audit.verifyChain({})).toMatchObject({ holds: true });
  },
);
