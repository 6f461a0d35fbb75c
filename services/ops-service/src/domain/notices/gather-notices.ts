import { MAX_ITEMS, NOTICE_CAUSES, type NoticeItem, type NoticeKind } from "./notice.ts";

/** An item that may be sent now. */
export interface DueItem {
  readonly destination: string;
  readonly kind: NoticeKind;
  readonly recipient: string;
  readonly item: NoticeItem;
}

/** A notice before it has an id. */
export interface GatheredNotice {
  readonly destination: string;
  readonly kind: NoticeKind;
  readonly recipient: string;
  readonly items: readonly NoticeItem[];
  readonly droppedItems: number;
}

/**
 * Makes notices of items, which are in the order of their events. Items for the same destination, kind and recipient
 * go into one notice; several items about one supplier become one.
 * @param isComplete Whether a destination gets all items, in as many notices as needed. Otherwise a notice has the
 * most urgent items and the number of the others.
 */
export function gatherNotices(
  due: readonly DueItem[],
  isComplete: (destination: string) => boolean,
): readonly GatheredNotice[] {
  const groups = Map.groupBy(due, ({ destination, kind, recipient }) => JSON.stringify([destination, kind, recipient]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { destination, kind, recipient } = first;
    const items = bySupplier(group.map(({ item }) => item)).sort(byUrgency);
    if (!isComplete(destination)) {
      const shown = items.slice(0, MAX_ITEMS);
      return [{ destination, kind, recipient, items: shown, droppedItems: items.length - shown.length }];
    }
    const parts = Array.from({ length: Math.ceil(items.length / MAX_ITEMS) }, (_, i) =>
      items.slice(i * MAX_ITEMS, (i + 1) * MAX_ITEMS),
    );
    return parts.map((part) => ({ destination, kind, recipient, items: part, droppedItems: 0 }));
  });
}

/** Combines the items about one supplier and model: the present values are the latest, the previous score the first. */
function bySupplier(items: readonly NoticeItem[]): NoticeItem[] {
  const groups = Map.groupBy(items, ({ supplierId, modelName }) => JSON.stringify([supplierId, modelName]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const last = group.at(-1);
    if (!first || !last) return [];
    const urgent = group.toSorted((a, b) => NOTICE_CAUSES.indexOf(a.cause) - NOTICE_CAUSES.indexOf(b.cause))[0] ?? last;
    const alertIds = [...new Set(group.flatMap((item) => item.alertIds))];
    const { cause, actor, note } = urgent;
    const { note: _note, ...values } = last;
    const said = note === undefined ? {} : { note };
    return [{ ...values, alertIds, cause, actor, ...said, previousScore: first.previousScore }];
  });
}

/** Critical ones first, then by expected impact, then by score. */
function byUrgency(a: NoticeItem, b: NoticeItem): number {
  const rank = ({ severity }: NoticeItem): number => (severity === "critical" ? 0 : 1);
  return rank(a) - rank(b) || (b.expectedLoss ?? -1) - (a.expectedLoss ?? -1) || b.score - a.score;
}
