import { parseNoticeRoutes } from "@bellwether/config/notice-routes";
import { parseYaml } from "@bellwether/config/yaml-file";
import { NoticeState } from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { MailServer } from "../src/clients/notices/send-mail.ts";
import { startMailServer } from "./mail-receiver.ts";
import { startReceiver } from "./notice-receiver.ts";
import { runWeek, startOps } from "./ops-harness.ts";
import { SECRET } from "./test-notice.ts";

const WAIT = { timeout: 30_000, interval: 20 };
/** A supplier's id and name with markup of every channel. */
const ID = '<!channel> <b>"A&B"</b> *x* [y](z)';

const ROUTES = `version: 1
destinations:
  - { name: erp, channel: webhook, address: "https://erp.example.org/" }
  - { name: room, channel: slack, address_from: NOTICE_ROOM }
  - { name: team, channel: teams, address_from: NOTICE_TEAM }
  - { name: jane, channel: mail, address: jane@example.org }
routes: [{ name: all, to: [erp, room, team, jane] }]
`;

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

test("an alert of a run reaches a webhook, Slack, Teams and a mailbox, once, signed and escaped", async () => {
  await using receiver = await startReceiver((response) => response.end("ok"));
  await using mail = await startMailServer();
  const routes = parseNoticeRoutes(parseYaml(ROUTES, "routes.yaml"));
  const destinations = routes.destinations.map(({ name, channel }) => ({
    ...{ name, channel, allowPrivateNetworks: true, secret: channel === "webhook" ? SECRET : null },
    address: channel === "mail" ? "jane@example.org" : receiver.url.replace("/hooks/", `/${name}/`),
  }));
  const mailServer: MailServer = {
    ...{ host: "127.0.0.1", port: mail.port, from: "bellwether@example.org", allowPrivateNetworks: true },
    tls: "starttls",
    clearText: "this_machine",
  };
  const databaseUrl = await cluster.createDatabase();
  const publicUrl = new URL("https://risk.example.org/");
  await using ops = await startOps(databaseUrl, {
    notices: { routes, destinations, mailServer, isDelivering: true, queueUrl: databaseUrl, publicUrl },
  });
  const notices = createClient(NoticeService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
  await runWeek(ops, "2026-W01", [{ id: ID, score: 0.95, exposure: 1_000, values: [0.75, 100, 8, 0] }]);
  await vi.waitFor(async () => {
    const { notices: all } = await notices.listNotices({});
    expect(all.map(({ state, reason }) => [state, reason])).toEqual(
      all.map(({ reason }) => [NoticeState.DELIVERED, reason]),
    );
    expect(all).toHaveLength(4);
  }, WAIT);
  expect(receiver.received.map(({ path }) => path.split("/")[1]).toSorted()).toEqual(["erp", "room", "team"]);
  const at = (name: string) => receiver.received.find(({ path }) => path.startsWith(`/${name}/`));
  const webhook = at("erp");
  expect(new Webhook(SECRET).verify(webhook?.body ?? "", webhook?.headers ?? {})).toMatchObject({
    type: "notice.alerts",
    data: {
      items: [
        {
          ...{ supplier_id: ID, supplier_name: `Name of ${ID}`, severity: "critical", score: 0.95, expected_loss: 950 },
          url: `https://risk.example.org/#/suppliers/${encodeURIComponent(ID)}`,
        },
      ],
    },
  });
  expect(at("room")?.body).toContain("&lt;!channel&gt;");
  expect(at("room")?.body).not.toContain("<!channel>");
  expect(at("team")?.body).toContain("AdaptiveCard");
  expect(mail.mails.map(({ to }) => to)).toEqual([["jane@example.org"]]);
  expect(mail.mails[0]?.headers["message-id"]?.[0]).toMatch(/^<[0-9a-f-]{36}@example\.org>$/);
  expect(mail.mails[0]?.source).toContain("&lt;!channel&gt;");
}, 60_000);
