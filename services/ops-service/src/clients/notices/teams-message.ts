import type { Notice } from "../../domain/notices/notice.ts";
import { type ItemText, leftOutText, noticeText } from "./notice-text.ts";

/**
 * Microsoft Teams rejects messages of more than 28 KB. The limit is reported to apply to less than that after Teams
 * has added its own parts, so a message is kept to this number of bytes of JSON.
 */
const MAX_BYTES = 20 * 1024;
const MAX_ITEMS = 40;

/** A text that is shown as it is: unlike a TextBlock, a TextRun has no markup. */
interface TextRun {
  readonly type: "TextRun";
  readonly text: string;
  readonly weight?: "Bolder";
  readonly color?: "Attention" | "Warning";
  readonly isSubtle?: true;
  readonly selectAction?: OpenUrl;
}

interface OpenUrl {
  readonly type: "Action.OpenUrl";
  readonly url: string;
  readonly title?: string;
}

interface RichTextBlock {
  readonly type: "RichTextBlock";
  readonly inlines: readonly TextRun[];
  readonly separator?: true;
}

interface Container {
  readonly type: "Container";
  readonly separator: true;
  readonly items: readonly RichTextBlock[];
}

/** A message for a workflow webhook of Microsoft Teams: one Adaptive Card. */
export interface TeamsMessage {
  readonly type: "message";
  readonly attachments: readonly [
    {
      readonly contentType: "application/vnd.microsoft.card.adaptive";
      readonly contentUrl: null;
      readonly content: {
        readonly $schema: string;
        readonly type: "AdaptiveCard";
        readonly version: "1.4";
        /** Text for receivers that do not show cards. */
        readonly fallbackText: string;
        readonly msteams: { readonly width: "Full" };
        readonly body: readonly (RichTextBlock | Container)[];
        readonly actions?: readonly OpenUrl[];
      };
    },
  ];
}

/** Returns a notice as a message of Teams, within the limits of Teams; it says how many suppliers are left out. */
export function teamsMessage(notice: Notice): TeamsMessage {
  const { title, items, pageUrl } = noticeText(notice);
  const containers: Container[] = [];
  let bytes = sizeOf(cardOf(title, [], leftOutText(notice, 0), pageUrl));
  for (const item of items.slice(0, MAX_ITEMS)) {
    const container = containerOf(item);
    bytes += sizeOf(container) + 1;
    if (bytes > MAX_BYTES && containers.length > 0) break;
    containers.push(container);
  }
  return cardOf(title, containers, leftOutText(notice, containers.length), pageUrl);
}

const sizeOf = (part: object): number => Buffer.byteLength(JSON.stringify(part));

function cardOf(title: string, items: readonly Container[], leftOut: string, pageUrl: string | null): TeamsMessage {
  const heading = textOf({ type: "TextRun", text: title, weight: "Bolder" });
  const end = leftOut === "" ? [] : [textOf({ type: "TextRun", text: leftOut, isSubtle: true })];
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          fallbackText: title,
          msteams: { width: "Full" },
          body: [heading, ...items, ...end],
          ...(pageUrl !== null && {
            actions: [{ type: "Action.OpenUrl", url: pageUrl, title: "Open the alerts" }],
          }),
        },
      },
    ],
  };
}

function containerOf({ supplier, severity, score, loss, reasons, cause, url }: ItemText): Container {
  const color = severity === "Critical" ? "Attention" : "Warning";
  return {
    type: "Container",
    separator: true,
    items: [
      textOf(
        { type: "TextRun", text: `${severity} `, weight: "Bolder", color },
        {
          ...{ type: "TextRun", text: supplier, weight: "Bolder" },
          ...(url !== null && { selectAction: { type: "Action.OpenUrl", url } }),
        },
      ),
      textOf({ type: "TextRun", text: `${score}. ${loss}.` }),
      textOf({ type: "TextRun", text: `${reasons}.` }),
      textOf({ type: "TextRun", text: cause, isSubtle: true }),
    ],
  };
}

const textOf = (...inlines: readonly TextRun[]): RichTextBlock => ({ type: "RichTextBlock", inlines });
