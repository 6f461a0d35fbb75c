import os from "node:os";
import type { NoticeRoutes } from "@bellwether/config/notice-routes";
import { newUuidV7 } from "@bellwether/contract/uuid-v7";
import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { openQueue } from "@bellwether/queue/open-queue";
import type { Logger } from "@bellwether/telemetry/logger";
import { mailServerWarning } from "./clients/notices/mail-server-warning.ts";
import { openNoticeSender } from "./clients/notices/open-notice-sender.ts";
import type { MailServer } from "./clients/notices/send-mail.ts";
import type { NoNoticesReason } from "./domain/notices/destination-rules.ts";
import type { Destination, NoticeSender } from "./domain/notices/notice.ts";
import { alertsPage } from "./domain/notices/notice-item.ts";
import { logDead, startNoticeDelivery } from "./jobs/notice-delivery.ts";
import { noticeHandlers } from "./rpc/notices/notices.ts";
import type { Database } from "./store/database.ts";
import { beginAttempt, type DeadNotice, endAttempt } from "./store/notices/notice-attempts.ts";
import { relayNotices, releaseNotices } from "./store/notices/notice-relay.ts";
import { createNoticeTransact } from "./store/notices/notice-transaction.ts";
import {
  endUndeliverable,
  findNotice,
  listDestinationStates,
  listNotices,
  readOutboxFigures,
  removeOldNotices,
} from "./store/notices/notices.ts";
import { createRequestKeyStore } from "./store/request-keys.ts";

/** How notices are sent. */
export interface NoticeConfig {
  readonly routes: NoticeRoutes;
  /** The destinations of the routes, with their addresses and secrets. */
  readonly destinations: readonly Destination[];
  /** The mail server of destinations with the channel mail. */
  readonly mailServer?: MailServer;
  /** Replaces the senders of all channels. Default: those of clients/notices. */
  readonly sender?: NoticeSender;
  /** Whether this process delivers notices. All replicas record them. */
  readonly isDelivering: boolean;
  /** URL of the Redis or PostgreSQL that stores the jobs. */
  readonly queueUrl: string;
  /** URL of the page, with a slash at the end. Undefined: notices have no links. */
  readonly publicUrl?: URL;
}

export interface NoticePorts {
  /** Why no notice is sent. Undefined: notices are sent. */
  readonly noNotices: NoNoticesReason | undefined;
  readonly database: Database;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly newId: () => string;
}

/** NoticeService and, where this process delivers notices, the delivery. */
export interface Notices extends AsyncDisposable {
  readonly routes: readonly Route[];
}

/**
 * Time for which an attempt has a notice: the longest attempt takes 15 s. A notice whose process was killed gets
 * another attempt after it.
 */
const ATTEMPT_MS = 18_000;
/** Time in which a job must begin its attempt; jobs wait for milliseconds. */
const QUEUED_MS = 10_000;
/** Attempts of one destination at the same time. */
const PER_DESTINATION = 2;
/** Notices that could not be delivered for this time are dead. */
const MAX_WAIT_MS = 7 * 86_400_000;
const DAY_MS = 86_400_000;

const newNoticeId = (at: Date): string => newUuidV7(at.getTime());

/** Starts the delivery of notices. @param config undefined: there are no destinations; notices that exist are shown */
export function startNotices(config: NoticeConfig | undefined, ports: NoticePorts): Notices {
  const { database, logger, now, newId } = ports;
  const { db, inTransaction } = database;
  const opened = new AsyncDisposableStack();
  const publicUrl = config?.publicUrl?.href ?? null;
  let nudge = (): void => {};
  if (config?.isDelivering) {
    const { mailServer, sender = openNoticeSender(mailServer ? { mailServer } : {}) } = config;
    opened.defer(() => sender.close());
    if (mailServer)
      void mailServerWarning(mailServer).then((warning) => {
        if (warning !== undefined) logger.warn(warning);
      });
    const delivery = opened.use(startDelivery(config, sender, ports, publicUrl));
    nudge = delivery.nudge;
  }
  const transact = createNoticeTransact(inTransaction, { now, newId, newNoticeId, pageUrl: alertsPage(publicUrl) });
  const handlers = noticeHandlers({
    ...{ routes: config?.routes, noNotices: ports.noNotices, isDelivering: config?.isDelivering ?? false, now },
    listNotices: (query, limit) => listNotices(db, query, limit),
    findNotice: (noticeId) => findNotice(db, noticeId),
    listDestinations: (names) => listDestinationStates(db, names),
    transact,
    requestKeys: createRequestKeyStore(db),
    nudge,
  });
  if (config) {
    const names = config.routes.destinations.map(({ name }) => name).join(", ");
    logger.info(`notices are sent to: ${names}${config.isDelivering ? "" : " (by other replicas)"}`);
  }
  return { routes: [route(NoticeService, handlers)], [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

function startDelivery(
  config: NoticeConfig,
  sender: NoticeSender,
  { database, logger, now, newId }: NoticePorts,
  publicUrl: string | null,
) {
  const { routes, destinations, queueUrl } = config;
  const { db, inTransaction } = database.notices;
  const names = destinations.map(({ name }) => name);
  const relaying = { routes, publicUrl, now, newNoticeId, claimMs: QUEUED_MS, perDestination: PER_DESTINATION };
  const worker = `${os.hostname()}/${process.pid}`;
  const onDead = (dead: DeadNotice): void => logDead(logger, dead);
  const attempts = { now, worker, claimMs: ATTEMPT_MS, onDead };
  return startNoticeDelivery({
    destinations,
    concurrency: PER_DESTINATION * destinations.length,
    openQueues: () => openQueue(queueUrl),
    relay: (claims) => relayNotices(inTransaction, relaying, claims),
    release: (jobs) => releaseNotices(db, jobs),
    beginAttempt: (job) => beginAttempt(inTransaction, job, attempts),
    send: sender.send,
    endAttempt: (ended) => endAttempt(inTransaction, ended, { now, newId, random: Math.random }),
    readFigures: () => readOutboxFigures(db, now()),
    async clean() {
      const keptFrom = new Date(now().getTime() - routes.retentionDays * DAY_MS);
      while ((await removeOldNotices(db, keptFrom)) > 0);
      return endUndeliverable(db, { names, createdBefore: new Date(now().getTime() - MAX_WAIT_MS), now: now() });
    },
    logger,
  });
}
