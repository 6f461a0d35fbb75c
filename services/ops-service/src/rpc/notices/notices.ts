import type { DestinationSpec, NoticeRoutes } from "@bellwether/config/notice-routes";
import { UUID_PATTERN } from "@bellwether/contract/uuid";
import type { NoticeSchema } from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import {
  ListNoticesRequestSchema,
  NoticeService,
  SendTestNoticeResponseSchema,
} from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import { pageTokenError, pageTokens } from "@bellwether/mesh/call/page-token";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { NoNoticesReason } from "../../domain/notices/destination-rules.ts";
import {
  enableDestination,
  type NoticeTransaction,
  replayNotice,
  sendTestNotice,
} from "../../domain/notices/notice-actions.ts";
import { NoticeNotFoundError } from "../../domain/notices/notice-error.ts";
import type { DestinationState, NoticeQuery, NoticeWithLog, StoredNotice } from "../../domain/notices/stored-notice.ts";
import type { RequestKeyStore } from "../../domain/request-key.ts";
import { nameOf } from "../messages/alert-to-proto.ts";
import {
  attemptToProto,
  destinationToProto,
  NO_NOTICES_REASONS,
  NOTICE_STATES,
  noticeToProto,
} from "../messages/notice-to-proto.ts";
import { pageOf } from "../page-token.ts";
import { answerOnce } from "../repeated-requests.ts";

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
  readonly requestKeys: RequestKeyStore;
  /** Looks at the outbox now, so that a notice does not wait for the next look. */
  readonly nudge: () => void;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 50;

/** What `answerOnce` needs to know of a `NoticeAction`. */
interface PerformedNotice {
  readonly answer: NoticeAnswer;
  readonly isWhole: boolean;
}

/** The answer of a `NoticeAction`. */
type NoticeAnswer = { readonly notice?: MessageInitShape<typeof NoticeSchema> };

/** An RPC that has an effect each time when it is sent without a key. Both have the same answer. */
type NoticeAction = typeof NoticeService.method.replayNotice | typeof NoticeService.method.sendTestNotice;

/** Returns the handlers of NoticeService. */
export function noticeHandlers(deps: NoticeDependencies): ServiceImpl<typeof NoticeService> {
  const { routes, noNotices, isDelivering, transact, requestKeys, nudge, now } = deps;
  const destinations = routes?.destinations ?? [];
  const destinationsByName = async (specs: readonly DestinationSpec[]) => {
    const states = new Map((await deps.listDestinations(specs.map(({ name }) => name))).map((one) => [one.name, one]));
    return specs.flatMap((spec) => {
      const state = states.get(spec.name);
      return state && routes ? [destinationToProto(spec, state, routes, now())] : [];
    });
  };
  /** Changes a notice. A request with a key has one effect, however often and however soon it is sent again. */
  const once = <M extends NoticeAction>(
    method: M,
    request: MessageShape<M["input"]>,
    context: HandlerContext,
    perform: (transaction: NoticeTransaction, actor: string) => Promise<StoredNotice>,
  ) =>
    answerOnce({ method, store: requestKeys }, request, context, async (key): Promise<PerformedNotice> => {
      const actor = actorOf(callerOf(context));
      const done = await transact(actor, async (transaction) => {
        if (key && !(await transaction.claim(key))) return undefined;
        const answer = { notice: noticeToProto(await perform(transaction, actor)) };
        const output: DescMessage = method.output;
        if (key) await transaction.storeAnswer(key, toBinary(output, create(output, answer)));
        return answer;
      });
      nudge();
      if (done !== undefined) return { answer: done, isWhole: false };
      // A request with this key at the same time has the effect, and its answer is stored.
      const known = key && (await requestKeys.find(key));
      const answer = known?.answer && fromBinary(SendTestNoticeResponseSchema, known.answer).notice;
      return { answer: answer ? { notice: answer } : {}, isWhole: true };
    });
  return {
    async listNotices(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListNoticesRequestSchema, request);
      const beforeId = tokens.read(request.pageToken, 1)?.[0];
      if (beforeId !== undefined && !UUID_PATTERN.test(beforeId)) throw pageTokenError();
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
    replayNotice: (request, context) =>
      once(NoticeService.method.replayNotice, request, context, (transaction) =>
        replayNotice(transaction, destinations, request.noticeId),
      ),
    sendTestNotice: (request, context) =>
      once(NoticeService.method.sendTestNotice, request, context, (transaction, actor) =>
        sendTestNotice(transaction, destinations, { name: request.destination, actor }),
      ),
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
