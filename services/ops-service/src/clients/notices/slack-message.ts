import type { Notice } from "../../domain/notices/notice.ts";
import { cutText } from "./cut-text.ts";
import { type ItemText, leftOutText, noticeText } from "./notice-text.ts";

/**
 * Limits of Slack: 50 blocks a message, 3,000 characters of a section. Slack rejects messages with
 * more than about 13,000 characters in all blocks (msg_blocks_too_long), although its documentation does not say so.
 */
const MAX_ITEMS = 40;
const MAX_SECTION = 3_000;
const MAX_CHARACTERS = 12_000;
/** A longer URL is left out. An escaped character is at most five times as long. */
const MAX_URL = 1_500;
/** Maximum lengths of the name, the reasons and the cause, tried one after another. */
const LENGTHS = [1_000, 300, 100, 50];

/** `verbatim`: Slack adds no links, channels or people to the text. */
interface Markup {
  readonly type: "mrkdwn";
  readonly text: string;
  readonly verbatim: true;
}

export type SlackBlock =
  | { readonly type: "section"; readonly text: Markup }
  | { readonly type: "context"; readonly elements: readonly Markup[] };

/** A message for an incoming webhook of Slack. `text` is for notifications, and for receivers without blocks. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

/** Returns a notice as a message of Slack, within Slack's limits; it says how many suppliers are left out. */
export function slackMessage(notice: Notice): SlackMessage {
  const { title, items, pageUrl } = noticeText(notice);
  const sections: string[] = [];
  let characters = 0;
  for (const item of items.slice(0, MAX_ITEMS)) {
    const section = sectionText(item);
    characters += section.length;
    if (characters > MAX_CHARACTERS && sections.length > 0) break;
    sections.push(section);
  }
  const end = [leftOutText(notice, sections.length), pageUrl === null ? "" : link(pageUrl, "Open the alerts")]
    .filter((part) => part !== "")
    .join(" ");
  return {
    text: escaped(title),
    blocks: [
      // A header block has plain text, of which Slack does not say whether it can contain mentions.
      ...[`*${escaped(title)}*`, ...sections].map((text): SlackBlock => ({ type: "section", text: markup(text) })),
      ...(end === "" ? [] : [{ type: "context", elements: [markup(end)] } as const]),
    ],
  };
}

/** Returns the text of a supplier. Texts whose escaped form is too long are cut before they are escaped. */
function sectionText(item: ItemText): string {
  return LENGTHS.map((max) => sectionOf(item, max)).find((text) => text.length <= MAX_SECTION) ?? "";
}

function sectionOf({ supplier, severity, score, loss, reasons, cause, url }: ItemText, max: number): string {
  const name = cutText(supplier, max);
  const lines = [`${score}. ${loss}.`, `${cutText(reasons, max)}.`, cutText(cause, max)].map(escaped);
  return [
    `*${severity}* ${url === null || urlText(url).length > MAX_URL ? escaped(name) : link(url, name)}`,
    ...lines,
  ].join("\n");
}

const markup = (text: string): Markup => ({ type: "mrkdwn", text, verbatim: true });

/** Escapes the three characters that Slack reads as the beginning of links, mentions and entities. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const link = (url: string, text: string): string => `<${urlText(url)}|${escaped(text)}>`;

/** Returns a URL for a link: "|" would end it. */
const urlText = (url: string): string => escaped(url).replaceAll("|", "%7C");
