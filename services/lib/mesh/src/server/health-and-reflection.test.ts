import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@bellwether/gen/grpc/health/v1/health_pb";
import { ServerReflection } from "@bellwether/gen/grpc/reflection/v1/reflection_pb";
import { ServerReflection as ServerReflectionAlpha } from "@bellwether/gen/grpc/reflection/v1alpha/reflection_pb";
import { type EchoServer, LISTENER_CLIENTS, startEcho, streamOf } from "@bellwether/testing/echo/start-echo";
import { hasOpenssl, makeCertificates } from "@bellwether/testing/echo/test-certificates";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ECHO = EchoService.typeName;

describe.each(Object.entries(LISTENER_CLIENTS))("health at the %s listener", (_, transport) => {
  it("reports the server's and each service's status, and NOT_FOUND for an unknown service", async () => {
    await using echo = await startEcho();
    const health = createClient(Health, transport(echo));
    for (const service of ["", ECHO]) expect((await health.check({ service })).status).toBe(Status.SERVING);
    await expect(health.check({ service: "no.such.Service" })).rejects.toMatchObject({ code: Code.NotFound });
  });

  it("lists every service", async () => {
    await using echo = await startEcho();
    echo.server.setServing(ECHO, false);
    const { statuses } = await createClient(Health, transport(echo)).list({});
    const listed = Object.fromEntries(Object.entries(statuses).map(([service, { status }]) => [service, status]));
    expect(listed).toEqual({ "": Status.SERVING, [ECHO]: Status.NOT_SERVING });
  });

  it("sends a watch each change once, and a status for an unknown service", async () => {
    await using echo = await startEcho({ serving: false });
    const health = createClient(Health, transport(echo));
    const controller = new AbortController();
    const seen: Status[] = [];
    const watching = (async () => {
      for await (const { status } of health.watch({ service: ECHO }, { signal: controller.signal })) {
        seen.push(status);
        if (seen.length === 1) echo.server.setServing("", true);
        if (seen.length === 2) echo.server.setServing(ECHO, true);
        if (seen.length === 2) echo.server.setServing("", false);
        if (seen.length === 3) controller.abort();
      }
    })();
    await expect(watching).rejects.toMatchObject({ code: Code.Canceled });
    expect(seen).toEqual([Status.NOT_SERVING, Status.SERVING, Status.NOT_SERVING]);

    const stranger = new AbortController();
    for await (const { status } of health.watch({ service: "no.such.Service" }, { signal: stranger.signal })) {
      expect(status).toBe(Status.SERVICE_UNKNOWN);
      break;
    }
    stranger.abort();
  });
});

/** Reflection streams in both directions and needs HTTP/2, which the web listener speaks under TLS. */
describe.skipIf(!hasOpenssl())("reflection (skipped without openssl)", () => {
  const certificates = makeCertificates();
  let clear: EchoServer;
  let secure: EchoServer;
  beforeAll(async () => {
    clear = await startEcho();
    secure = await startEcho({ tls: certificates.server });
  });
  afterAll(() => Promise.all([clear[Symbol.asyncDispose](), secure[Symbol.asyncDispose]()]));

  const listeners = {
    gRPC: () => LISTENER_CLIENTS.gRPC?.(clear) ?? expect.fail(),
    web: () =>
      createConnectTransport({ baseUrl: secure.webUrl, httpVersion: "2", nodeOptions: { ca: certificates.ca } }),
  };
  const versions = { v1: ServerReflection, v1alpha: ServerReflectionAlpha };
  const cases = Object.entries(listeners).flatMap(([listener, transport]) =>
    Object.entries(versions).map(([version, service]) => ({ listener, version, transport, service })),
  );

  it.each(cases)(
    "$version at the $listener listener lists the services and returns their files and those of error details",
    async ({ transport, service }) => {
      const client = createClient(service, transport());
      const questions = streamOf(
        { messageRequest: { case: "listServices" as const, value: "" } },
        { messageRequest: { case: "fileContainingSymbol" as const, value: `${ECHO}.Echo` } },
        { messageRequest: { case: "fileByFilename" as const, value: "no/such.proto" } },
        { messageRequest: { case: "fileContainingSymbol" as const, value: "google.rpc.BadRequest.FieldViolation" } },
      );
      const answers = [];
      for await (const { messageResponse } of client.serverReflectionInfo(questions)) answers.push(messageResponse);
      const [listed, files, missing, details] = answers;

      const names = listed?.case === "listServicesResponse" ? listed.value.service.map(({ name }) => name) : [];
      expect(names).toEqual([ECHO, Health.typeName, ServerReflection.typeName, ServerReflectionAlpha.typeName]);

      const bytes = files?.case === "fileDescriptorResponse" ? files.value.fileDescriptorProto : [];
      const protos = bytes.map((each) => fromBinary(FileDescriptorProtoSchema, each));
      const [first = expect.fail("no file")] = protos;
      const registry = createFileRegistry(first, (name) => protos.find((proto) => proto.name === name));
      expect(registry.getService(ECHO)?.methods.map(({ name }) => name)).toEqual(
        EchoService.methods.map(({ name }) => name),
      );

      expect(missing).toMatchObject({ case: "errorResponse", value: { errorCode: Code.NotFound } });
      const [detailsFile] = details?.case === "fileDescriptorResponse" ? details.value.fileDescriptorProto : [];
      expect(detailsFile && fromBinary(FileDescriptorProtoSchema, detailsFile).name).toBe(
        "google/rpc/error_details.proto",
      );
    },
  );
});
