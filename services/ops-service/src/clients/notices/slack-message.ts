import type { Notice } from "../../domain/notice.ts";
import { cutText } from "./cut-text.ts";
import { type ItemText, leftOutText, noticeText } from "./notice-text.ts";

/**
 * Limits of Slack: 50 blocks a message, 150 characters of a header, 3,000 of a section. Slack rejects messages with
 * more than about 13,000 characters in all blocks (msg_blocks_too_long), although its documentation does not say so.
 */
const MAX_ITEMS = 40;
const MAX_HEADER = 150;
const MAX_SECTION = 3_000;
const MAX_CHARACTERS = 12_000;

interface PlainText {
  readonly type: "plain_text";
  readonly text: string;
  readonly emoji: false;
}

/** `verbatim`: Slack adds no links, channels or people to the text. */
interface Markup {
  readonly type: "mrkdwn";
  readonly text: string;
  readonly verbatim: true;
}

export type SlackBlock =
  | { readonly type: "header"; readonly text: PlainText }
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
      { type: "header", text: { type: "plain_text", text: cutText(title, MAX_HEADER), emoji: false } },
      ...sections.map((text): SlackBlock => ({ type: "section", text: markup(text) })),
      ...(end === "" ? [] : [{ type: "context", elements: [markup(end)] } as const]),
    ],
  };
}

function sectionText({ supplier, severity, score, loss, reasons, cause, url }: ItemText): string {
  const name = url === null ? escaped(supplier) : link(url, supplier);
  return [`*${severity}* ${name}`, `${score}. ${loss}.`, `${reasons}.`, cause]
    .map((line, index) => (index === 0 ? line : escaped(line)))
    .join("\n")
    .slice(0, MAX_SECTION);
}

const markup = (text: string): Markup => ({ type: "mrkdwn", text, verbatim: true });

/** Escapes the three characters that Slack reads as the beginning of links, mentions and entities. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Returns a link. "|" would end its URL. */
const link = (url: string, text: string): string => `<${escaped(url).replaceAll("|", "%7C")}|${escaped(text)}>`;
