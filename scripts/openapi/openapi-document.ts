import { spawnSync } from "node:child_process";
import { RoleSchema, role as roleOption } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import {
  createFileRegistry,
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescMethod,
  fromBinary,
  getOption,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { addExamples } from "./add-examples.ts";
import { FLAT_PATHS, FLAT_SCHEMAS, ID_HEADERS } from "./flat-schemas.ts";
import { messageSchema, reachable, reference, type Schema } from "./message-schema.ts";
import { ML_MESSAGES, mlPaths } from "./ml-paths.ts";
import { OPS_MESSAGES, opsPaths } from "./ops-paths.ts";
import { plainSchemas } from "./plain-schema.ts";
import { conflict, REQUEST_KEY } from "./request-key.ts";
import { REST_RPCS } from "./rest-rpcs.ts";

/** Numbers of fields in descriptor.proto, as paths of comments have them. */
const MESSAGES = 4;
const ENUMS = 5;
const SERVICES = 6;
const MEMBERS = 2;

/**
 * Returns the OpenAPI 3.1 document of the RPCs over Connect with JSON, made from the contract of `root`, and of the
 * REST paths. RPCs with a stream of requests are not in it: no HTTP client can call them.
 * @throws Error with the output of buf
 */
export function openApiDocument(root: string): Schema {
  const built = spawnSync("buf", ["build", "--path", "proto/bellwether", "-o", "-"], { cwd: root, maxBuffer: 2 ** 28 });
  if (built.status !== 0) throw new Error(`buf build: ${built.error?.message ?? built.stderr.toString()}`);
  const set = fromBinary(FileDescriptorSetSchema, built.stdout);
  const registry = createFileRegistry(set);
  const comments = new Map<string, string>();
  for (const { name, sourceCodeInfo } of set.file)
    for (const { path, leadingComments } of sourceCodeInfo?.location ?? [])
      comments.set(`${name}:${path.join(".")}`, leadingComments.trim().replace(/\n /g, "\n"));
  const commentOf = (file: { readonly proto: { readonly name: string } }, ...path: number[]): string =>
    comments.get(`${file.proto.name}:${path.join(".")}`) ?? "";
  const typeComment = (type: DescMessage | DescEnum): string => {
    const siblings: readonly unknown[] =
      type.kind === "message" ? type.file.proto.messageType : type.file.proto.enumType;
    return commentOf(type.file, type.kind === "message" ? MESSAGES : ENUMS, siblings.indexOf(type.proto));
  };
  const fieldComment = ({ parent, proto }: DescField): string =>
    commentOf(
      parent.file,
      ...[MESSAGES, parent.file.proto.messageType.indexOf(parent.proto), MEMBERS, parent.proto.field.indexOf(proto)],
    );

  const paths: Record<string, Schema> = {};
  const used = new Set<DescMessage | DescEnum>();
  for (const file of registry.files)
    for (const [s, service] of file.services.entries()) {
      if (!service.typeName.startsWith("bellwether.") || service.typeName.startsWith("bellwether.echo.")) continue;
      for (const [m, method] of service.methods.entries()) {
        if (method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming") continue;
        const description = commentOf(file, SERVICES, s, MEMBERS, m);
        for (const type of [method.input, method.output]) reachable(type, used);
        paths[`/${service.typeName}/${method.name}`] = {
          post: operation(
            `${service.name}_${method.name}`,
            service.name,
            description,
            method,
            takesKey(method, description, commentOf(file, SERVICES, s)),
          ),
        };
      }
    }
  const types = [...used].sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
  const schemas = types.map((type) => [
    type.typeName,
    { description: typeComment(type), ...typeSchema(type, fieldComment) },
  ]);
  const message = (name: string): DescMessage => {
    const found = registry.getMessage(name);
    if (!found) throw new Error(`the contract has no message ${name}`);
    return found;
  };
  const restPaths = { ...FLAT_PATHS, ...opsPaths(message), ...mlPaths(message) };
  const allSchemas: Record<string, Schema> = {
    ...FLAT_SCHEMAS,
    ...plainSchemas([...OPS_MESSAGES, ...ML_MESSAGES].map(message), fieldComment),
    ...Object.fromEntries(schemas),
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "Bellwether",
      version: "0.1.0",
      description:
        "RPCs over Connect with JSON, and REST paths. Every answer has the headers x-request-id and, once its call began, x-trace-id.",
    },
    paths: addExamples({ ...withRoles(restPaths, paths), ...paths }, allSchemas, root),
    components: {
      schemas: allSchemas,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
    security: [{}, { token: [] }],
  };
}

const typeSchema = (type: DescMessage | DescEnum, comment: (of: DescField) => string): Schema =>
  type.kind === "enum" ? { type: "string", enum: type.values.map(({ name }) => name) } : messageSchema(type, comment);

/** Whether a comment of the contract says that the RPC, or each RPC of the service that changes something, has a key. */
const takesKey = (method: DescMethod, description: string, ofService: string): boolean =>
  description.includes(KEY_WORD) || (/^An action can be sent/m.test(ofService) && method.idempotency === IDEMPOTENT);

const KEY_WORD = "idempotency-key";

function operation(operationId: string, tag: string, description: string, method: DescMethod, hasKey: boolean): Schema {
  const { input, output, methodKind } = method;
  const isStream = methodKind === "server_streaming";
  const type = isStream ? "application/connect+json" : "application/json";
  const content = (schema: Schema): Schema => ({ [type]: { schema } });
  return {
    operationId,
    tags: [tag],
    summary: description.split(/(?<=\.)\s/, 1)[0]?.replaceAll("\n", " ") ?? "",
    description: isStream ? `${description}\n${ENVELOPES}` : description,
    "x-role": roleOf(method),
    "x-idempotent": method.idempotency !== UNKNOWN,
    ...(hasKey && { parameters: [REQUEST_KEY] }),
    requestBody: { required: true, content: content(reference(input)) },
    responses: {
      200: {
        description: isStream ? "A stream of these messages." : "The answer.",
        headers: ID_HEADERS,
        content: content(reference(output)),
      },
      ...(hasKey && { 409: conflict("application/json", "ConnectError") }),
      default: {
        description: isStream
          ? "The request was not served. After the first message: an error in the last envelope."
          : "The request was not served.",
        headers: ID_HEADERS,
        content: { "application/json": { schema: { $ref: "#/components/schemas/ConnectError" } } },
      },
    },
  };
}

/**
 * Values of MethodOptions.IdempotencyLevel (descriptor.proto). UNKNOWN: a repeated call can have another effect.
 * IDEMPOTENT: a repeated call has the same effect.
 */
const UNKNOWN = 0;
const IDEMPOTENT = 2;

/** The role that a caller needs, in lower case. Empty: the RPC names none. */
const roleOf = (method: DescMethod): string => {
  const number = getOption(method, roleOption);
  return number === 0 ? "" : (RoleSchema.value[number]?.localName.toLowerCase() ?? "");
};

/** Gives REST paths the role of the RPC that they are an alias of. @throws Error when it is not known */
function withRoles(rest: Readonly<Record<string, Schema>>, rpcs: Readonly<Record<string, Schema>>) {
  return Object.fromEntries(
    Object.entries(rest).map(([path, verbs]) => {
      const rpc: { post?: Schema } = rpcs[REST_RPCS[path] ?? ""] ?? {};
      if (rpc.post === undefined) throw new Error(`the path ${path} is the alias of no RPC: add it to REST_RPCS`);
      const facts = { "x-role": rpc.post["x-role"], "x-idempotent": rpc.post["x-idempotent"] };
      return [
        path,
        Object.fromEntries(Object.entries(verbs).map(([verb, one]) => [verb, { ...Object(one), ...facts }])),
      ];
    }),
  );
}

const ENVELOPES =
  "The body is enveloped: each message is preceded by five bytes, a flag (0; 2: the end of the stream, with its error) and the length as a big-endian number. A request has one message.";
