import { type SessionSchema, SignInMethod } from "@bellwether/gen/bellwether/ops/v1/session_pb";
import { ListSessionsRequestSchema, type SessionService } from "@bellwether/gen/bellwether/ops/v1/session_service_pb";
import { Role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { PersonRole, Session, SignInMethod as SignInMethodName } from "../../domain/access/session.ts";
import { scopeToProto } from "../messages/scope-to-proto.ts";
import { createdFromKey, pageOf } from "../page-token.ts";
import { typedText } from "../typed-text.ts";

export interface SessionDependencies {
  readonly listSessions: (
    query: {
      readonly subject: string;
      readonly includeEnded: boolean;
      readonly after?: { readonly createdMs: number; readonly id: string };
    },
    now: Date,
    limit: number,
  ) => Promise<readonly Session[]>;
  /** @throws SessionNotFoundError */
  readonly endSessions: (
    ended: {
      readonly subject: string;
      readonly sessionIds: readonly string[];
      readonly endedBy: string;
      readonly reason: string;
    },
    now: Date,
  ) => Promise<readonly Session[]>;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 50;

const ROLES: Readonly<Record<PersonRole, Role>> = { viewer: Role.VIEWER, analyst: Role.ANALYST, admin: Role.ADMIN };
const METHODS: Readonly<Record<SignInMethodName, SignInMethod>> = {
  oidc: SignInMethod.OIDC,
  token: SignInMethod.TOKEN,
  link: SignInMethod.LINK,
};

/** Returns the handlers of SessionService over the sessions of the database. */
export function sessionHandlers(deps: SessionDependencies): ServiceImpl<typeof SessionService> {
  return {
    async listSessions(request) {
      const { subject, includeEnded, pageSize, pageToken } = request;
      const size = pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListSessionsRequestSchema, request);
      const after = createdFromKey(tokens.read(pageToken, 2));
      const rows = await deps.listSessions({ subject, includeEnded, ...(after && { after }) }, deps.now(), size + 1);
      const page = pageOf(rows, size, tokens, ({ createdAt, id }) => [createdAt.getTime(), id]);
      return { sessions: page.items.map(sessionToProto), nextPageToken: page.nextPageToken };
    },
    async endSessions({ subject, sessionIds, reason }, context) {
      const endedBy = actorOf(callerOf(context));
      const ended = await deps.endSessions({ subject, sessionIds, endedBy, reason: typedText(reason) }, deps.now());
      return { sessions: ended.map(sessionToProto) };
    },
  };
}

function sessionToProto(session: Session): MessageInitShape<typeof SessionSchema> {
  const { id, subject, name, role, method, scope, createdAt, lastUsedAt, expiresAt, endedAt } = session;
  return {
    ...(scope && { scope: scopeToProto(scope) }),
    ...{ sessionId: id, subject, name, role: ROLES[role], method: METHODS[method] },
    createdAt: timestampFromDate(createdAt),
    lastUsedAt: timestampFromDate(lastUsedAt),
    expiresAt: timestampFromDate(expiresAt),
    ...(endedAt && { endedAt: timestampFromDate(endedAt) }),
  };
}
