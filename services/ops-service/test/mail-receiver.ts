import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { listenLocally } from "./notice-receiver.ts";

/** The password that the server accepts, with any user. */
export const PASSWORD = "p4ssw0rd-of-the-service";

/** A mail that the server took. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string | undefined;
  /** Headers by lower-case name, unfolded. A header that is given twice has two values. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly source: string;
}

/** Starts a mail server that keeps the mails. Without other options it needs no TLS and no authentication. */
export async function startMailServer(options: SMTPServerOptions = {}) {
  const mails: ReceivedMail[] = [];
  const logins: string[] = [];
  const smtp = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ["STARTTLS"], disableReverseLookup: true, closeTimeout: 100 },
    onAuth({ username = "", password }, _session, callback) {
      logins.push(username);
      if (password === PASSWORD) callback(null, { user: username });
      else callback(new Error("wrong password"));
    },
    onData(stream, session, callback) {
      let source = "";
      stream.setEncoding("utf8");
      stream.on("data", (chunk: string) => {
        source += chunk;
      });
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address),
          ...{ secure: session.secure, user: session.user, headers: headersOf(source), source },
        });
        callback();
      });
    },
    ...options,
  });
  smtp.on("error", () => {});
  return { ...(await listenLocally(smtp.server)), mails, logins };
}

function headersOf(source: string): Record<string, string[]> {
  const [head = ""] = source.split("\r\n\r\n", 1);
  const headers: Record<string, string[]> = {};
  for (const line of head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n")) {
    const [name = "", ...value] = line.split(":");
    const key = name.toLowerCase();
    headers[key] = [...(headers[key] ?? []), value.join(":").trim()];
  }
  return headers;
}
