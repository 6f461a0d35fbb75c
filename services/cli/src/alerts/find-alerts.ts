import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { UsageError } from "../errors/usage-error.ts";
import { ALL_STATES } from "./alert-filters.ts";
import { type AlertClient, readAlerts } from "./alert-pages.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Minimum length of the first characters of an id. */
const MIN_PREFIX = 8;
/** Maximum number of alerts that are read to find first characters of ids. */
const MAX_READ = 100_000;

/** The alert of an id or of the first characters of an id; or why there is none. */
export type FoundAlert =
  | { readonly given: string; readonly alert: Alert }
  | { readonly given: string; readonly error: string };

/**
 * Reads alerts by their ids, or by the first characters of their ids. Alerts that were given twice are returned once.
 * @throws UsageError for a text that is not a part of an id
 */
export async function findAlerts(client: AlertClient, texts: readonly string[]): Promise<readonly FoundAlert[]> {
  const given = [...new Set(texts.map(checkId))];
  const starts = given.filter((id) => !UUID.test(id));
  const byStart = starts.length === 0 ? new Map<string, FoundAlert>() : await findByStart(client, starts);
  const found: FoundAlert[] = [];
  for (const id of given) found.push(byStart.get(id) ?? (await findById(client, id)));
  const seen = new Set<string>();
  return found.filter((one) => {
    if (!("alert" in one)) return true;
    const isNew = !seen.has(one.alert.alertId);
    seen.add(one.alert.alertId);
    return isNew;
  });
}

function checkId(text: string): string {
  const id = text.trim().toLowerCase();
  if (UUID.test(id)) return id;
  if (id.length < MIN_PREFIX || id.length > 36 || !/^[0-9a-f-]+$/.test(id))
    throw new UsageError(
      `${JSON.stringify(text)} is not the id of an alert; give the id, or at least its first ${MIN_PREFIX} characters, as bellwether alerts list shows them`,
    );
  return id;
}

async function findById({ client, answer }: AlertClient, given: string): Promise<FoundAlert> {
  try {
    const { alert } = await answer(client.getAlert({ alertId: given }));
    return alert ? { given, alert } : { given, error: `no alert has the id ${given}` };
  } catch (error) {
    const isUnknown =
      error instanceof Error && error.cause instanceof ConnectError && error.cause.code === Code.NotFound;
    if (!isUnknown) throw error;
    return { given, error: error.message };
  }
}

async function findByStart(client: AlertClient, starts: readonly string[]): Promise<Map<string, FoundAlert>> {
  const matches = new Map<string, Map<string, Alert>>(starts.map((start) => [start, new Map()]));
  let read = 0;
  for await (const { alerts, isLast } of readAlerts(client, { states: [...ALL_STATES] })) {
    for (const alert of alerts)
      for (const [start, found] of matches) if (alert.alertId.startsWith(start)) found.set(alert.alertId, alert);
    read += alerts.length;
    if (!isLast && read >= MAX_READ)
      throw new UsageError(
        `there are more than ${MAX_READ} alerts; give whole ids instead of the first characters ${starts.join(", ")}`,
      );
  }
  return new Map([...matches].map(([given, found]) => [given, oneOf(given, [...found.values()])]));
}

function oneOf(given: string, found: readonly Alert[]): FoundAlert {
  const [alert] = found;
  if (!alert) return { given, error: `no alert has an id that begins with ${given}` };
  if (found.length === 1) return { given, alert };
  const ids = found.slice(0, 5).map(({ alertId }) => alertId);
  return { given, error: `${found.length} alerts have an id that begins with ${given}: ${ids.join(", ")}` };
}
