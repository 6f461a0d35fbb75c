import type { DestinationSpec, NoticeRoutes } from "@bellwether/config/notice-routes";
import { ListNoticesRequestSchema, type NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import { pageTokenError, pageTokens } from "@bellwether/mesh/call/page-token";
import type { ServiceImpl } from "@connectrpc/connect";
import type { NoNoticesReason } from "../domain/destination-rules.ts";
import { enableDestination, type NoticeTransaction, replayNotice, sendTestNotice } from "../domain/notice-actions.ts";
import { NoticeNotFoundError } from "../domain/notice-error.ts";
import type { DestinationState, NoticeQuery, NoticeWithLog, StoredNotice } from "../domain/stored-notice.ts";
import { nameOf } from "./alert-to-proto.ts";
import {
  attemptToProto,
  destinationToProto,
  NO_NOTICES_REASONS,
  NOTICE_STATES,
  noticeToProto,
} from "./notice-to-proto.ts";
import { pageOf, UUID } from "./page-token.ts";

export interface NoticeDependencies {
  /** Undefined: there are no destinations. */
  readonly routes: NoticeRoutes | undefined;
  /** Why no notice is sent. Undefined: notices are sent. */
  readonly noNotices: NoNoticesReason | undefined;
  /** Whether this process delivers notices. */
  readonly isDelivering: boolean;
  readonly listNotices: (query: NoticeQuery, limit: number) => Promise<readonly StoredNotice[]>;
  readonly findNotice: (noticeId: string) => Promise<NoticeWithLog | undefined>;
  readonly listDestinations: (names: readonly string[]) => Promise<readonly DestinationState[]>;
  readonly transact: <T>(actor: string, work: (transaction: NoticeTransaction) => Promise<T>) => Promise<T>;
  /** Looks at the outbox now, so that a notice does not wait for the next look. */
  readonly nudge: () => void;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 50;

/** Returns the handlers of NoticeService. */
export function noticeHandlers(deps: NoticeDependencies): ServiceImpl<typeof NoticeService> {
  const { routes, noNotices, isDelivering, transact, nudge, now } = deps;
  const destinations = routes?.destinations ?? [];
  const destinationsByName = async (specs: readonly DestinationSpec[]) => {
    const states = new Map((await deps.listDestinations(specs.map(({ name }) => name))).map((one) => [one.name, one]));
    return specs.flatMap((spec) => {
      const state = states.get(spec.name);
      return state && routes ? [destinationToProto(spec, state, routes, now())] : [];
    });
  };
  return {
    async listNotices(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListNoticesRequestSchema, request);
      const beforeId = tokens.read(request.pageToken, 1)?.[0];
      if (beforeId !== undefined && !UUID.test(beforeId)) throw pageTokenError();
      const state = nameOf(NOTICE_STATES, request.state);
      const query: NoticeQuery = {
        ...(state && { state }),
        ...(request.destination !== "" && { destination: request.destination }),
        ...(beforeId !== undefined && { beforeId }),
      };
      const page = pageOf(await deps.listNotices(query, size + 1), size, tokens, ({ id }) => [id]);
      return { notices: page.items.map((notice) => noticeToProto(notice)), nextPageToken: page.nextPageToken };
    },
    async getNotice({ noticeId }) {
      const found = await deps.findNotice(noticeId);
      if (!found) throw new NoticeNotFoundError(noticeId);
      const notice = noticeToProto(found.notice, found.notice.items);
      return { notice, attempts: found.attempts.map(attemptToProto) };
    },
    async replayNotice({ noticeId }, context) {
      const notice = await transact(actorOf(callerOf(context)), (transaction) =>
        replayNotice(transaction, destinations, noticeId),
      );
      nudge();
      return { notice: noticeToProto(notice) };
    },
    async sendTestNotice({ destination: name }, context) {
      const actor = actorOf(callerOf(context));
      const notice = await transact(actor, (transaction) => sendTestNotice(transaction, destinations, { name, actor }));
      nudge();
      return { notice: noticeToProto(notice) };
    },
    async listDestinations() {
      return {
        ...{ destinations: await destinationsByName(destinations), delivers: isDelivering },
        ...(noNotices && { noNoticesReason: NO_NOTICES_REASONS[noNotices] }),
      };
    },
    async enableDestination({ name }, context) {
      await transact(actorOf(callerOf(context)), (transaction) => enableDestination(transaction, destinations, name));
      nudge();
      const [destination] = await destinationsByName(destinations.filter((one) => one.name === name));
      return { ...(destination && { destination }) };
    },
  };
}
