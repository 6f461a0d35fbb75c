import { countText } from "@bellwether/reasons/count-text";
import { describeParts } from "../../domain/alerts/model-change.ts";
import type { Notice, NoticeCause, NoticeItem, NoticeKind } from "../../domain/notices/notice.ts";
import { cutText, plainLine } from "./cut-text.ts";

/** Maximum length of a name and of a reason in a message, in UTF-16 units. */
const MAX_NAME = 200;
const MAX_REASON = 200;
/** Maximum length of the note of an assignment. */
const MAX_NOTE = 500;
/** Maximum length of a person's name. */
const MAX_PERSON = 100;
const MAX_TITLE = 150;
/** Maximum length of the sentence about another model version. */
const MAX_PARTS = 400;

/** What a message says about a supplier, as lines of plain text that need escaping for HTML and markup. */
export interface ItemText {
  /** The supplier's name and id. */
  readonly supplier: string;
  /** "Critical" or "Warning". */
  readonly severity: string;
  /** For example "Risk score 0.82, was 0.68 (+0.14)". */
  readonly score: string;
  /** For example "Expected impact €1,204,000". */
  readonly loss: string;
  /** For example "Because of disputes 7, was 4; late ratio 0.3, was 0.1". */
  readonly reasons: string;
  /** What happened, who is responsible, and the week and model of the score. */
  readonly cause: string;
  readonly url: string | null;
}

/** What a message says as a whole. */
export interface NoticeText {
  /** One line for a title or subject. */
  readonly title: string;
  readonly items: readonly ItemText[];
  readonly pageUrl: string | null;
}

const CAUSES: Readonly<Record<NoticeCause, string>> = {
  not_taken: "Nobody has taken this alert in time",
  assigned: "Assigned",
  escalated: "Became critical",
  raised: "New alert",
  reopened: "Opened again",
  worse: "Became worse while it was snoozed",
};

const OPENINGS: Readonly<Record<Exclude<NoticeKind, "test">, string>> = {
  alerts: "Supplier alerts",
  digest: "Digest of supplier alerts",
  escalation: "Supplier alerts that nobody has taken",
};

/** Returns what a message says. The same notice always gives the same texts. */
export function noticeText(notice: Notice): NoticeText {
  const items = notice.items.map(itemText);
  return { title: titleOf(notice, items), items, pageUrl: notice.pageUrl };
}

/** Returns the sentence about suppliers that a message does not show. Empty: it shows all. */
export function leftOutText({ items, droppedItems }: Notice, shown: number): string {
  const leftOut = items.length - shown + droppedItems;
  return leftOut === 0 ? "" : `${countText(leftOut, "more supplier is", "more suppliers are")} not in this message.`;
}

function titleOf({ kind, items, droppedItems, recipient }: Notice, [first]: readonly ItemText[]): string {
  const name = plainLine(recipient, MAX_PERSON);
  if (kind === "test") return cutText(`Test message of Bellwether to ${name}`, MAX_TITLE);
  const suppliers = items.length + droppedItems;
  const [item] = items;
  if (suppliers === 1 && first && item) {
    const opening = kind === "escalation" ? "Not taken: " : "";
    const score = `risk score ${scoreText(item.score)}${changeText(item)}`;
    return `${opening}${first.severity}: ${plainLine(nameOf(item), MAX_TITLE / 2)}, ${score}`;
  }
  const critical = items.filter(({ severity }) => severity === "critical").length;
  const counts = `${countText(suppliers, "supplier")}${critical === 0 ? "" : `, ${critical} critical`}`;
  return cutText(`${OPENINGS[kind]} for ${name}: ${counts}`, MAX_TITLE);
}

function itemText(item: NoticeItem): ItemText {
  const { supplierId, previousScore, cause, actor, owner, isoWeek, modelName } = item;
  const name = nameOf(item);
  const was = previousScore === null ? ", no earlier score" : `, was ${scoreText(previousScore)}${changeText(item)}`;
  const by = actor === "" || actor === "rules" ? "" : ` by ${plainLine(actor, MAX_PERSON)}`;
  const responsible = owner === "" ? "no owner" : `owner ${plainLine(owner, MAX_PERSON)}`;
  const note = item.note === undefined ? "" : `, who wrote: "${plainLine(item.note, MAX_NOTE)}"`;
  const reasons = item.reasons.slice(0, 2).map((reason) => plainLine(reason, MAX_REASON));
  return {
    supplier:
      name === supplierId
        ? plainLine(name, MAX_NAME)
        : `${plainLine(name, MAX_NAME)} (${plainLine(supplierId, MAX_NAME)})`,
    severity: item.severity === "critical" ? "Critical" : "Warning",
    score: `Risk score ${scoreText(item.score)}${was}${modelText(item)}`,
    loss: `Expected impact ${impactText(item)}`,
    reasons: reasons.length === 0 ? "No reasons were recorded" : `Because of ${reasons.join("; ")}`,
    cause: `${CAUSES[cause]}${by}${note}; ${responsible}; ${isoWeek}, ${plainLine(modelName, MAX_NAME)}`,
    url: item.url,
  };
}

const nameOf = ({ supplierName, supplierId }: NoticeItem): string => (supplierName === "" ? supplierId : supplierName);

const scoreText = (score: number): string => (Number.isFinite(score) ? score.toFixed(2) : "not known");

/** Returns the change of the score as " (+0.14)". Empty: there is none to show. */
function changeText({ score, previousScore }: NoticeItem): string {
  if (previousScore === null || !Number.isFinite(score - previousScore)) return "";
  // The difference of the two numbers that are shown.
  const change = Math.round(score * 100) - Math.round(previousScore * 100);
  return ` (${change < 0 ? "−" : change > 0 ? "+" : "±"}${(Math.abs(change) / 100).toFixed(2)})`;
}

/** Returns that another model version scored the week before, as "; v2 scored this week, …". Empty: the same did. */
function modelText({ scoreChangeParts: parts }: NoticeItem): string {
  return parts ? `; ${plainLine(describeParts(parts), MAX_PARTS)}` : "";
}

function impactText({ expectedLoss, currency }: NoticeItem): string {
  if (expectedLoss === null || !Number.isFinite(expectedLoss)) return "not known";
  const inCurrency = /^[A-Z]{3}$/.test(currency) ? ({ style: "currency", currency } as const) : {};
  return new Intl.NumberFormat("en", { ...inCurrency, maximumFractionDigits: 0 }).format(expectedLoss);
}
