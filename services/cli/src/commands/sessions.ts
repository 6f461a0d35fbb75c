import { type Session, SignInMethod } from "@bellwether/gen/bellwether/ops/v1/session_pb";
import { SessionService } from "@bellwether/gen/bellwether/ops/v1/session_service_pb";
import { Role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { Command } from "commander";
import { timeText } from "../alerts/alert-json.ts";
import type { CliContext } from "../context/cli-context.ts";
import { MAX_ABSENCE_REASON_BYTES, reasonUpTo } from "../input/parse-option.ts";
import { scopeJson, scopeText } from "../input/scope-options.ts";
import { enumWord } from "../output/enum-word.ts";
import { printable } from "../output/printable.ts";
import { createReport } from "../output/report.ts";
import { type OpsClient, openOps } from "../remote/ops-client.ts";
import { type OpsOptions, withOps } from "../remote/shared-options.ts";

const PAGE_SIZE = 200;
const TIMEOUT_MS = 10_000;
/** Maximum number of sessions that are listed; more are counted as "more". */
const MAX_LISTED = 10_000;

/** `bellwether sessions` */
export function sessionsCommand(context: CliContext): Command {
  const list = withOps(new Command("list"))
    .description("List the sessions of people who are signed in, newest sign-in first.")
    .option("--subject <id>", "only sessions of this person")
    .option("--all", "also list sessions that have ended; they are kept for one day")
    .addHelpText("after", "\nExample:\n  npx bellwether sessions list --subject 0f3c7a --all")
    .action(async (options: OpsOptions & { subject?: string; all?: boolean }) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, SessionService);
      const { sessions, isMore } = await listSessions(ops, options.subject ?? "", options.all ?? false);
      for (const session of sessions) report.line(sessionLine(session));
      if (sessions.length === 0) report.line("nobody is signed in");
      if (isMore) report.line(`only the latest ${MAX_LISTED} sessions are listed; --subject lists those of one person`);
      report.json({ sessions: sessions.map(sessionJson), truncated: isMore });
    });

  const end = withOps(new Command("end"))
    .description("End all sessions of a person, or those with the given ids. The person can sign in again.")
    .argument("<subject>", "subject of the person, as sessions list shows it")
    .option("--session <id...>", "ids of the sessions (default: all sessions of the person)")
    .option(
      "--reason <text>",
      "reason, 1 to 512 bytes in UTF-8; the audit log records it",
      reasonUpTo(MAX_ABSENCE_REASON_BYTES),
    )
    .addHelpText(
      "after",
      "\nTo prevent a new sign-in, first remove the person's groups or account at the identity provider. A token that" +
        "\n`bellwether auth token` has created is accepted until it expires.\n\nExample:\n  npx bellwether sessions end 0f3c7a --reason 'laptop stolen'",
    )
    .action(async (subject: string, options: OpsOptions & { session?: string[]; reason?: string }) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, SessionService);
      const request = { subject, sessionIds: options.session ?? [], reason: options.reason ?? "" };
      const { sessions } = await ops.answer(ops.client.endSessions(request, { timeoutMs: TIMEOUT_MS }));
      for (const session of sessions) report.line(`ended: ${sessionLine(session)}`);
      if (sessions.length === 0) report.line("nothing to end: the sessions had ended before");
      report.json({ ended: sessions.map(sessionJson) });
    });

  const command = new Command("sessions").addHelpText(
    "after",
    "\nThe commands call ops-service with the token or API key in BELLWETHER_TOKEN_FILE. The token or API key needs the role admin.\n" +
      "\nExamples:\n  npx bellwether sessions list\n  npx bellwether sessions list --subject 0f3c7a\n  npx bellwether sessions end 0f3c7a --reason 'laptop stolen'",
  );
  for (const one of [list, end]) command.addCommand(one);
  return command;
}

async function listSessions(
  { client, answer }: OpsClient<typeof SessionService>,
  subject: string,
  includeEnded: boolean,
): Promise<{ readonly sessions: readonly Session[]; readonly isMore: boolean }> {
  const sessions: Session[] = [];
  let pageToken = "";
  do {
    const request = { subject, includeEnded, pageSize: PAGE_SIZE, pageToken };
    const page = await answer(client.listSessions(request, { timeoutMs: TIMEOUT_MS }));
    sessions.push(...page.sessions);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && sessions.length < MAX_LISTED);
  return { sessions, isMore: pageToken !== "" };
}

function sessionJson(session: Session) {
  return {
    session_id: session.sessionId,
    subject: session.subject,
    name: session.name || null,
    role: enumWord(Role, session.role) || "unknown",
    scope: scopeJson(session.scope),
    method: enumWord(SignInMethod, session.method) || "unknown",
    created_at: timeText(session.createdAt),
    last_used_at: timeText(session.lastUsedAt),
    expires_at: timeText(session.expiresAt),
    ended_at: timeText(session.endedAt),
  };
}

function sessionLine(session: Session): string {
  const { session_id, subject, name, role, method, created_at, last_used_at, expires_at, ended_at } =
    sessionJson(session);
  const who = name === null ? printable(subject) : `${printable(name)} (${printable(subject)})`;
  const end = ended_at === null ? `ends ${expires_at} at the latest` : `ended ${ended_at}`;
  const scope = scopeText(session.scope);
  return `${session_id}  ${role.padEnd(7)}  ${who}  signed in ${created_at} by ${method}, last used ${last_used_at}, ${end}${scope && `, ${printable(scope)}`}`;
}
