import { UUID_PATTERN } from "@bellwether/contract/uuid";
import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { UsageError } from "../errors/usage-error.ts";
import type { AlertClient } from "./alert-pages.ts";

/** Minimum length of the first characters of an id. */
const MIN_PREFIX = 8;
/** Completes the first characters of an id. */
const NIL = "00000000-0000-0000-0000-000000000000";
/** Maximum number of ids in the message that several begin with the given characters. */
const MAX_NAMED = 5;

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
  const found: FoundAlert[] = [];
  for (const id of given) found.push(await (UUID_PATTERN.test(id) ? findById(client, id) : findByStart(client, id)));
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
  if (id.length < MIN_PREFIX || !UUID_PATTERN.test(id + NIL.slice(id.length)))
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

async function findByStart({ client, answer }: AlertClient, given: string): Promise<FoundAlert> {
  const request = { alertIdPrefix: given, pageSize: MAX_NAMED };
  const { alerts, totalSize } = await answer(client.listAlerts(request));
  const [alert] = alerts;
  if (!alert) return { given, error: `no alert has an id that begins with ${given}` };
  if (totalSize === 1) return { given, alert };
  const ids = alerts.map(({ alertId }) => alertId);
  return { given, error: `${totalSize} alerts have an id that begins with ${given}: ${ids.join(", ")}` };
}
