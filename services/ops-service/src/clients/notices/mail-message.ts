import { escapeHtml } from "@bellwether/contract/escape-html";
import type { Notice } from "../../domain/notices/notice.ts";
import { type ItemText, leftOutText, noticeText } from "./notice-text.ts";

/** Maximum number of suppliers in a mail: it stays below the size at which mail programs cut a message (100 kB). */
const MAX_ITEMS = 50;

/** A mail without its envelope. */
export interface MailMessage {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Returns a notice as a mail with a text and an HTML part; both say how many suppliers are left out. */
export function mailMessage(notice: Notice): MailMessage {
  const { title, items, pageUrl } = noticeText(notice);
  const shown = items.slice(0, MAX_ITEMS);
  const leftOut = leftOutText(notice, shown.length);
  const end = [leftOut, pageUrl === null ? "" : `All alerts: ${pageUrl}`].filter((line) => line !== "");
  return {
    subject: title,
    text: `${[title, ...shown.map(itemLines), ...end, SIGNATURE].join("\n\n")}\n`,
    html: [
      `<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body>`,
      `<h1 style="font-size:18px">${escapeHtml(title)}</h1>`,
      ...shown.map(itemHtml),
      leftOut === "" ? "" : `<p>${escapeHtml(leftOut)}</p>`,
      pageUrl === null ? "" : `<p><a href="${escapeHtml(pageUrl)}">Open the alerts</a></p>`,
      `<p style="color:#666">${escapeHtml(SIGNATURE)}</p></body></html>`,
    ].join("\n"),
  };
}

const SIGNATURE = "Sent by Bellwether. Answers to this address are not read.";

function itemLines({ supplier, severity, score, loss, reasons, cause, url }: ItemText): string {
  const lines = [`${severity}: ${supplier}`, `${score}. ${loss}.`, `${reasons}.`, cause, url ?? ""];
  return lines.filter((line) => line !== "").join("\n");
}

function itemHtml({ supplier, severity, score, loss, reasons, cause, url }: ItemText): string {
  const name = `<bdi>${escapeHtml(supplier)}</bdi>`;
  const color = severity === "Critical" ? "#b00020" : "#8a5a00";
  return [
    `<p><strong style="color:${color}">${severity}</strong> `,
    `<strong>${url === null ? name : `<a href="${escapeHtml(url)}">${name}</a>`}</strong><br>`,
    `${escapeHtml(score)}. ${escapeHtml(loss)}.<br>${escapeHtml(reasons)}.<br>`,
    `<span style="color:#666">${escapeHtml(cause)}</span></p>`,
  ].join("");
}
