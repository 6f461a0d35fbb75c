import { Webhook } from "standardwebhooks";
import type { Notice, NoticeItem } from "../../domain/notices/notice.ts";
import { cutText } from "./cut-text.ts";

/** A request to a webhook. */
export interface WebhookMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The secret of a webhook has another form than `whsec_` and base64. The text does not contain it. */
export class WebhookSecretError extends Error {
  override readonly name = "WebhookSecretError" as const;
}

/** Number of secrets that sign at the same time: the present one, and the one before or after it. */
const MAX_SECRETS = 2;
/** Bytes of a secret (Standard Webhooks, "Signature scheme"). */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
/** Maximum length of each text from outside, in UTF-16 units. */
const MAX_TEXT = 200;
/** Maximum length of the note of an assignment. */
const MAX_NOTE = 500;

/**
 * Returns the request by the Standard Webhooks convention: `webhook-id` is the id of the notice, so a receiver
 * recognises a repetition; `webhook-timestamp` is the time of the attempt; `webhook-signature` has one signature
 * per secret. The body is the same at each attempt, at most 512 KiB. Its texts are as stored: the receiver escapes
 * them.
 * @param secret one secret, or two with a comma or space between them while they are replaced; null: no signature
 * @throws WebhookSecretError
 */
export function webhookMessage(notice: Notice, secret: string | null, now: Date): WebhookMessage {
  const body = JSON.stringify({
    type: `notice.${notice.kind}`,
    timestamp: notice.createdAt.toISOString(),
    data: {
      notice_id: notice.noticeId,
      recipient: cutText(notice.recipient, MAX_TEXT),
      items: notice.items.map(itemData),
      dropped_items: notice.droppedItems,
      page_url: notice.pageUrl,
    },
  });
  const signatures = secretsOf(secret).map((one) => new Webhook(one).sign(notice.noticeId, now, body));
  return {
    body,
    headers: {
      "webhook-id": notice.noticeId,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
      ...(signatures.length > 0 && { "webhook-signature": signatures.join(" ") }),
    },
  };
}

/** Splits and checks the secrets of a destination. @throws WebhookSecretError */
function secretsOf(text: string | null): readonly string[] {
  if (text === null) return [];
  const secrets = text.split(/[\s,]+/).filter((one) => one !== "");
  const isValid = (one: string): boolean => {
    const bytes = Buffer.from(SECRET.exec(one)?.[1] ?? "", "base64").length;
    return bytes >= MIN_SECRET_BYTES && bytes <= MAX_SECRET_BYTES;
  };
  if (secrets.length === 0 || secrets.length > MAX_SECRETS || !secrets.every(isValid))
    throw new WebhookSecretError(
      `the secret of the destination is not one or two texts of whsec_ and base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes`,
    );
  return secrets;
}

function itemData(item: NoticeItem): object {
  const { score, previousScore, expectedLoss, scoreChangeParts } = item;
  return {
    supplier_id: item.supplierId,
    supplier_name: cutText(item.supplierName, MAX_TEXT),
    alert_ids: item.alertIds,
    severity: item.severity,
    cause: item.cause,
    actor: cutText(item.actor, MAX_TEXT),
    ...(item.note !== undefined && { note: cutText(item.note, MAX_NOTE) }),
    owner: cutText(item.owner, MAX_TEXT),
    iso_week: item.isoWeek,
    model_name: item.modelName,
    score,
    previous_score: previousScore,
    score_change: previousScore === null ? null : score - previousScore,
    ...(scoreChangeParts && {
      score_change_parts: {
        before_week: scoreChangeParts.beforeWeek,
        before_version: scoreChangeParts.beforeVersion,
        after_version: scoreChangeParts.afterVersion,
        data_score: scoreChangeParts.dataScore,
        model_score: scoreChangeParts.modelScore,
        not_computed: cutText(scoreChangeParts.notComputed, MAX_TEXT),
      },
    }),
    expected_loss: expectedLoss,
    currency: item.currency,
    reasons: item.reasons.slice(0, 2).map((reason) => cutText(reason, MAX_TEXT)),
    url: item.url,
  };
}
