import { AlertSchema } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { WatchAlertsRequest, WatchAlertsResponseSchema } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { callerOf } from "@bellwether/mesh/call/caller";
import { isInScope, type SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { create, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { AnnouncedChange } from "../../domain/alerts/announced-change.ts";
import { type MergeLinks, NO_MERGES } from "../../domain/merges/merge-links.ts";
import { AlertSequenceError, SupplierNotFoundError } from "../../domain/ops-error.ts";
import { checkAlertModel } from "../../domain/scores/choose-model.ts";
import { type AlertNames, alertToProto } from "../messages/alert-to-proto.ts";
import { createTurns } from "../separate-turns.ts";
import { shareByKey } from "../shared-query.ts";

/** The last alert that a watch has sent. */
interface Position {
  readonly sequence: number;
  /** Empty: every alert of this change was sent. */
  readonly alertId: string;
}

export interface AlertWatchDependencies {
  /** Streams changes from now on. The payload is the position of the change. */
  readonly watchAlerts: (signal: AbortSignal) => Promise<AsyncIterable<AnnouncedChange>>;
  /** Names of the models with a run that was complete once, also if it was voided or superseded since. */
  readonly listAlertModels: () => Promise<readonly string[]>;
  readonly newestSequence: () => Promise<number>;
  readonly listChanged: (sequence: number, limit: number) => Promise<readonly AlertNames[]>;
  readonly listChangedAfter: (position: Position, limit: number) => Promise<readonly AlertNames[]>;
  /** Returns the number of a supplier of the scope. Undefined: no supplier of the scope has the id. */
  readonly findSupplierNumber: (supplierId: string, scope: SupplierScope | undefined) => Promise<number | undefined>;
  /** The merges of suppliers at this moment. */
  readonly links: () => MergeLinks;
  /** Adds the suppliers into which the suppliers of alerts are merged at this moment. */
  readonly withSurvivors: (views: readonly AlertNames[]) => Promise<readonly AlertNames[]>;
}

type Message = MessageInitShape<typeof WatchAlertsResponseSchema>;

/** Maximum number of alerts in one message. */
const MAX_ALERTS = 200;

/** Which alerts a watch sends. */
interface Wanted {
  /** Empty: of every model. */
  readonly modelName: string;
  /** The suppliers that the caller sees. Undefined: all. */
  readonly scope: SupplierScope | undefined;
  /** Number of the supplier whose alerts are sent, with those that are merged into it. Undefined: of every supplier. */
  readonly supplier: number | undefined;
}

/** Returns the handler of WatchAlerts. All watches of a change share its query; each sends what its caller sees. */
export function alertWatch(deps: AlertWatchDependencies) {
  const changed = shareByKey(async (sequence) => {
    const views = await deps.listChanged(Number(sequence), MAX_ALERTS + 1);
    const alerts = views.slice(0, MAX_ALERTS).map((view) => ({ view, message: toMessage(view) }));
    return { alerts, truncated: views.length > MAX_ALERTS };
  });
  // The key names the newest change, so that a kept result is never older than the change.
  const changedAfter = shareByKey(async (key) => {
    const [sequence, alertId = ""] = key.split("/");
    const views = await deps.listChangedAfter({ sequence: Number(sequence), alertId }, MAX_ALERTS + 1);
    return views.map((view) => ({ view, message: toMessage(view) }));
  });
  const turn = createTurns();

  /** Returns whether a watch sends an alert. Merges and their undo count from the next change on. */
  const isWanted = ({ modelName, scope, supplier }: Wanted): ((view: AlertNames) => boolean) => {
    const links = scope === undefined ? deps.links() : NO_MERGES;
    // A merged supplier has only its own alerts, as in lists.
    const members =
      supplier === undefined || links.survivorOf(supplier) !== supplier ? [supplier] : links.membersOf(supplier);
    return (view) =>
      (modelName === "" || view.alert.modelName === modelName) &&
      isInScope(scope, view) &&
      (supplier === undefined || members.includes(view.alert.supplierId));
  };
  /** Returns the messages of alerts, with the suppliers into which theirs are merged. Callers with a scope see each supplier apart. */
  const messagesOf = async (
    alerts: readonly Changed[],
    { scope }: Wanted,
  ): Promise<MessageShape<typeof AlertSchema>[]> => {
    if (scope !== undefined || deps.links().isEmpty) return alerts.map(({ message }) => message);
    const views = await deps.withSurvivors(alerts.map(({ view }) => view));
    return alerts.map(({ view, message }, i) => {
      const shown = views[i] ?? view;
      return shown.mergedInto === undefined ? message : toMessage(shown);
    });
  };

  /** Sends what a change contains, at most 200 alerts. */
  async function* live(changes: AsyncIterable<AnnouncedChange>, wanted: Wanted): AsyncGenerator<Message> {
    for await (const { payload } of changes) {
      const { alerts, truncated } = await changed(payload);
      const isSent = isWanted(wanted);
      const own = alerts.filter(({ view }) => isSent(view));
      // The alerts that the message does not have can be those that the watch sends.
      const isPart = wanted.scope !== undefined || wanted.supplier !== undefined;
      if (own.length > 0 || (isPart && truncated))
        yield { alerts: await messagesOf(own, wanted), truncated, sequence: BigInt(payload) };
    }
  }

  /** Sends all alerts that changed after a position, up to the change `newest`. */
  async function* missed(from: Position, newest: number, wanted: Wanted): AsyncGenerator<Message, Position> {
    let position = from;
    for (;;) {
      const found = await changedAfter(`${position.sequence}/${position.alertId}/${newest}`);
      // Many watches that begin together would otherwise write their pages without a pause for other calls.
      await turn();
      const [page, next] = [found.slice(0, MAX_ALERTS), found[MAX_ALERTS]?.view];
      const last = page.at(-1)?.view;
      // The alerts of one change can be in several messages. Until the last one, the client's position is before it.
      const isSplit = next !== undefined && next.sequence === last?.sequence;
      const reached = next ? (last?.sequence ?? 0) : Math.max(newest, last?.sequence ?? 0);
      position = { sequence: reached, alertId: isSplit ? (last?.alert.id ?? "") : "" };
      const isSent = isWanted(wanted);
      const own = page.filter(({ view }) => isSent(view));
      const alerts = await messagesOf(own, wanted);
      if (alerts.length > 0) yield { alerts, sequence: BigInt(isSplit ? reached - 1 : reached) };
      if (!next) return position;
    }
  }

  return async function* watchAlerts(
    { modelName, afterSequence, supplierId }: WatchAlertsRequest,
    { signal, values }: Pick<HandlerContext, "signal" | "values">,
  ): AsyncGenerator<Message> {
    const { scope } = callerOf({ values });
    if (modelName !== "") checkAlertModel(await deps.listAlertModels(), modelName);
    const supplier = supplierId === "" ? undefined : await deps.findSupplierNumber(supplierId, scope);
    if (supplierId !== "" && supplier === undefined) throw new SupplierNotFoundError(supplierId);
    const wanted: Wanted = { modelName, scope, supplier };
    // The changes are subscribed to before the newest one is read: none is between them.
    const changes = await deps.watchAlerts(signal);
    const newest = await deps.newestSequence();
    if (afterSequence === undefined) {
      yield { sequence: BigInt(newest) };
      yield* live(changes, wanted);
      return;
    }
    const after = Number(afterSequence);
    if (after > newest) throw new AlertSequenceError(after, newest);
    yield { sequence: afterSequence };
    let position: Position = yield* missed({ sequence: after, alertId: "" }, newest, wanted);
    for await (const { payload } of changes) {
      if (Number(payload) > position.sequence) position = yield* missed(position, Number(payload), wanted);
    }
  };
}

/** A changed alert, with its message for callers who see each supplier apart. */
interface Changed {
  readonly view: AlertNames;
  readonly message: MessageShape<typeof AlertSchema>;
}

const toMessage = (view: AlertNames) => create(AlertSchema, alertToProto(view));
