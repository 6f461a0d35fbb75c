import { visibleText } from "@bellwether/reasons/visible-text";
import { scopeText } from "../rpc/session.ts";
import { useSession } from "../rpc/use-session.ts";
import { useReader } from "../session/reader.ts";

const MAY: Readonly<Record<string, string>> = {
  viewer: "You may read alerts, suppliers, weeks, models and rules.",
  analyst: "You may read everything but the audit log, decide about alerts, and draft rules.",
  admin: "You may do everything: also activate rules, promote models, and read the audit log.",
};

/** Who the server takes the reader for. */
export function ReaderCard() {
  const session = useSession();
  const { mayDecide } = useReader();
  return (
    <section className="card" aria-labelledby="reader">
      <h2 id="reader">Who I am</h2>
      {session.state === "signed-in" ? (
        <>
          <dl className="facts">
            <div>
              <dt>Name</dt>
              <dd>
                <bdi>{visibleText(session.name)}</bdi>
              </dd>
            </div>
            <div>
              <dt>Role</dt>
              <dd>{session.role}</dd>
            </div>
            <div>
              <dt>Recorded as</dt>
              <dd>
                <bdi>{visibleText(session.actor)}</bdi>
                <small>in decisions and in the audit log</small>
              </dd>
            </div>
            <div>
              <dt>Subject</dt>
              <dd>
                <code className="long">{visibleText(session.subject)}</code>
              </dd>
            </div>
            <div>
              <dt>Suppliers</dt>
              <dd>
                {session.scope ? visibleText(scopeText(session.scope)) : "all"}
                {session.scope && (
                  <small>regions and categories, from your groups, your token or your key; the others are hidden</small>
                )}
              </dd>
            </div>
          </dl>
          <p className="quiet">
            {MAY[session.role] ?? (mayDecide ? "The server decides what you may do." : "You may read.")}
            {session.scope && " This holds for your suppliers: what is about all suppliers together is denied."}
          </p>
        </>
      ) : session.state === "off" ? (
        <p>{visibleText(session.message)}: everybody may do everything, and decisions have no name.</p>
      ) : (
        <p className="quiet">
          {session.state === "signed-out" ? "You are not signed in." : "The server has not said who you are."}
        </p>
      )}
    </section>
  );
}
