import { AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  type Notice,
  type NoticeAttempt,
  NoticeAttemptSchema,
  NoticeCause,
  NoticeChannel,
  type NoticeDestination,
  NoticeDestinationSchema,
  NoticeItemSchema,
  NoticeKind,
  NoticeOutcome,
  NoticeRuleKind,
  NoticeSchema,
  NoticeState,
  Weekday,
} from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, timestampNow } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

const MINUTE_MS = 60_000;
const PAGE_SIZE = 50;

/** The notices of the server, newest first, and what a receiver answers to the next attempts. */
export interface NoticeData {
  destinations: NoticeDestination[];
  notices: Notice[];
  /** The attempts by notice id, the first one first. */
  attempts: Map<string, NoticeAttempt[]>;
}

/** Returns destinations with notices in each state; a reason and a name have markup. */
export function demoNotices(): NoticeData {
  const attempts = new Map<string, NoticeAttempt[]>();
  const at = (minutesAgo: number) => timestampFromMs(Date.now() - minutesAgo * MINUTE_MS);
  const notice = (number: number, change: MessageInitShape<typeof NoticeSchema>, outcome: NoticeOutcome): Notice => {
    const noticeId = `0199c0de-0000-7000-8000-${String(number).padStart(12, "0")}`;
    const createdAt = at(number * 7);
    const made = create(NoticeSchema, {
      ...{ noticeId, createdAt, kind: NoticeKind.ALERTS, suppliers: 2, recipient: change.destination ?? "" },
      ...change,
    });
    const detail = made.reason;
    const started = { startedAt: createdAt, durationMs: 120, worker: "ops-1:42" };
    attempts.set(
      noticeId,
      Array.from({ length: made.attempts }, (_, i) =>
        create(NoticeAttemptSchema, { ...started, attempt: i + 1, outcome, detail }),
      ),
    );
    return made;
  };
  const erp = { destination: "erp", channel: NoticeChannel.WEBHOOK };
  const room = { destination: "risk-room", channel: NoticeChannel.SLACK };
  const jane = { destination: "jane", channel: NoticeChannel.MAIL, recipient: "Jane <b>Doe</b>" };
  const dead = { state: NoticeState.DEAD, attempts: 1, reason: "erp.example.org answered 400 (invalid_payload)" };
  return {
    destinations: [
      create(NoticeDestinationSchema, {
        ...{ name: "risk-room", channel: room.channel, lastDeliveredAt: at(3), waiting: 1, timeZone: "UTC" },
        nextDeliveryAt: at(-10),
        rules: [
          { kind: NoticeRuleKind.ROUTE, route: "critical", severities: [AlertSeverity.CRITICAL] },
          { kind: NoticeRuleKind.ESCALATION, after: durationFromMs(48 * 60 * MINUTE_MS) },
        ],
      }),
      create(NoticeDestinationSchema, { name: "erp", channel: erp.channel, dead: 2, allowsPrivateNetworks: true }),
      create(NoticeDestinationSchema, {
        ...{ name: "jane", channel: jane.channel, hasDigest: true, disabledAt: at(60), timeZone: "Europe/Berlin" },
        ...{ digest: { weekday: Weekday.MONDAY, minuteOfDay: 450 }, quietHours: { fromMinute: 1_140, toMinute: 420 } },
        ...{ owners: ["Jane <b>Doe</b>"], collected: 3 },
        rules: [{ kind: NoticeRuleKind.ROUTE, route: "rest", categories: ["steel"], ownedOnly: true, inDigest: true }],
        disabledReason: "mail.example.org answered 550 5.1.1 to RCPT TO",
      }),
    ],
    notices: [
      notice(
        1,
        {
          ...{ ...room, state: NoticeState.WAITING, attempts: 2, reason: "hooks.slack.com answered 503" },
          nextAttemptAt: at(-10),
        },
        NoticeOutcome.RETRY,
      ),
      notice(2, { ...erp, ...dead }, NoticeOutcome.REJECTED),
      notice(3, { ...erp, ...dead, kind: NoticeKind.ESCALATION }, NoticeOutcome.REJECTED),
      notice(
        4,
        { ...jane, kind: NoticeKind.DIGEST, state: NoticeState.DELIVERED, attempts: 1, reason: "mail took the mail" },
        NoticeOutcome.DELIVERED,
      ),
    ],
    attempts,
  };
}

const ITEM = create(NoticeItemSchema, {
  ...{ supplierId: "S-1000", supplierName: "Aldermoor <i>Castings</i>", severity: AlertSeverity.CRITICAL },
  ...{ cause: NoticeCause.RAISED, isoWeek: "2026-W47", modelName: "supplier-risk", riskScore: 0.82 },
  ...{ previousScore: 0.68, expectedLoss: 1_204_000, currency: "EUR", reasons: ["disputes 7, was 4"] },
});

/** Returns NoticeService over notices in memory. `deliver` ends the attempt that a test or a replay waits for. */
export function noticesInMemory(data: NoticeData) {
  const find = (noticeId: string): Notice => {
    const notice = data.notices.find((one) => one.noticeId === noticeId);
    if (!notice) throw new ConnectError("no notice has this id", Code.NotFound);
    return notice;
  };
  const destinationOf = (name: string): NoticeDestination => {
    const destination = data.destinations.find((one) => one.name === name);
    if (!destination) throw new ConnectError("the routes file has no destination of this name", Code.NotFound);
    return destination;
  };
  const routes: Route[] = [
    route(NoticeService, {
      listDestinations: () => ({ destinations: data.destinations, delivers: true }),
      listNotices({ state, destination, pageToken }) {
        const from = Number(pageToken);
        const all = data.notices
          .filter((one) => state === NoticeState.UNSPECIFIED || one.state === state)
          .filter((one) => destination === "" || one.destination === destination);
        const nextPageToken = all.length > from + PAGE_SIZE ? String(from + PAGE_SIZE) : "";
        return { notices: all.slice(from, from + PAGE_SIZE), nextPageToken };
      },
      getNotice({ noticeId }) {
        const notice = find(noticeId);
        const items = notice.kind === NoticeKind.TEST ? [] : [ITEM];
        return { notice: { ...notice, items }, attempts: data.attempts.get(noticeId) ?? [] };
      },
      replayNotice({ noticeId }) {
        const notice = find(noticeId);
        if (notice.state !== NoticeState.DEAD)
          throw new ConnectError("the notice is not dead: it waits", Code.FailedPrecondition);
        Object.assign(notice, { state: NoticeState.WAITING, nextAttemptAt: timestampNow() });
        destinationOf(notice.destination).dead--;
        return { notice };
      },
      sendTestNotice({ destination }) {
        const { name, channel } = destinationOf(destination);
        const notice = create(NoticeSchema, {
          noticeId: `0199c0de-0000-7000-8000-${String(1_000 + data.notices.length).padStart(12, "0")}`,
          ...{ kind: NoticeKind.TEST, state: NoticeState.WAITING, destination: name, channel, recipient: name },
          ...{ createdAt: timestampNow(), nextAttemptAt: timestampNow() },
        });
        data.notices.unshift(notice);
        return { notice };
      },
      enableDestination({ name }) {
        const destination = destinationOf(name);
        delete destination.disabledAt;
        destination.disabledReason = "";
        return { destination };
      },
    }),
  ];
  /** Ends the next attempt of the newest notice of a destination that waits. */
  const deliver = (destination: string, outcome: NoticeOutcome, detail: string): void => {
    const notice = data.notices.find((one) => one.destination === destination && one.state === NoticeState.WAITING);
    if (!notice) throw new Error(`no notice to ${destination} waits`);
    const state = outcome === NoticeOutcome.DELIVERED ? NoticeState.DELIVERED : NoticeState.DEAD;
    Object.assign(notice, { attempts: notice.attempts + 1, reason: detail });
    if (outcome !== NoticeOutcome.RETRY) notice.state = state;
    const attempt = { attempt: notice.attempts, startedAt: timestampNow(), durationMs: 5, outcome, detail };
    data.attempts.set(notice.noticeId, [
      ...(data.attempts.get(notice.noticeId) ?? []),
      create(NoticeAttemptSchema, { ...attempt, worker: "ops-1:42" }),
    ]);
  };
  return { routes, deliver };
}
