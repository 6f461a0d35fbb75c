import { file_google_rpc_error_details } from "@bellwether/gen/google/rpc/error_details_pb";
import { ServerReflection, ServerReflectionResponseSchema } from "@bellwether/gen/grpc/reflection/v1/reflection_pb";
import {
  ServerReflectionResponseSchema as AlphaResponseSchema,
  ServerReflection as ServerReflectionAlpha,
} from "@bellwether/gen/grpc/reflection/v1alpha/reflection_pb";
import {
  create,
  createRegistry,
  type DescExtension,
  type DescFile,
  type DescService,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { fileClosure, filesOf } from "../call/file-closure.ts";
import { type Route, route } from "../call/route.ts";

type Answer =
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

type Question =
  | { case: "listServices" | "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType"; value: string }
  | { case: "fileContainingExtension"; value: { containingType: string; extensionNumber: number } }
  | { case: undefined };

/**
 * Descriptors of the messages in error details. No RPC refers to these messages, so reflection would not send
 * them to clients.
 */
const ERROR_DETAILS = [file_google_rpc_error_details];

/**
 * Returns the routes of grpc.reflection v1 and v1alpha over a server's services, byte-exact with their custom
 * options and imported files, and over google.rpc's error details. Both versions have the same messages under
 * different names.
 */
export function reflectionRoutes(services: readonly DescService[]): Route[] {
  const all = [...services, ServerReflection, ServerReflectionAlpha];
  const answer = createAnswerer(all);
  return [
    route(ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          const messageResponse = answer(request.messageRequest);
          yield create(ServerReflectionResponseSchema, {
            validHost: request.host,
            originalRequest: request,
            messageResponse,
          });
        }
      },
    }),
    route(ServerReflectionAlpha, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          const messageResponse = answer(request.messageRequest);
          yield create(AlphaResponseSchema, { validHost: request.host, originalRequest: request, messageResponse });
        }
      },
    }),
  ];
}

function createAnswerer(services: readonly DescService[]) {
  const all = [...filesOf(services), ...ERROR_DETAILS.flatMap((file) => fileClosure(file))];
  const files = new Map(all.map((file) => [file.proto.name, file]));
  const registry = createRegistry(...files.values());
  const extensions = [...registry].filter((d): d is DescExtension => d.kind === "extension");

  const ofFile = (file: DescFile | undefined): Answer => {
    if (!file) return notFound;
    const fileDescriptorProto = fileClosure(file).map((f) => toBinary(FileDescriptorProtoSchema, f.proto));
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
  };
  // A method or a field is found through its parent.
  const bySymbol = (symbol: string): DescFile | undefined =>
    (registry.get(symbol) ?? registry.get(symbol.slice(0, symbol.lastIndexOf("."))))?.file;

  return (request: Question): Answer => {
    switch (request.case) {
      case "listServices":
        return { case: "listServicesResponse", value: { service: services.map((s) => ({ name: s.typeName })) } };
      case "fileByFilename":
        return ofFile(files.get(request.value));
      case "fileContainingSymbol":
        return ofFile(bySymbol(request.value));
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = request.value;
        return ofFile(
          extensions.find((x) => x.extendee.typeName === containingType && x.number === extensionNumber)?.file,
        );
      }
      case "allExtensionNumbersOfType": {
        const extensionNumber = extensions.filter((x) => x.extendee.typeName === request.value).map((x) => x.number);
        if (extensionNumber.length === 0 && !registry.getMessage(request.value)) return notFound;
        return {
          case: "allExtensionNumbersResponse",
          value: { baseTypeName: request.value, extensionNumber },
        };
      }
      default:
        return {
          case: "errorResponse",
          value: {
            errorCode: Code.Unimplemented,
            errorMessage:
              "this kind of request is not known; ask for a file, a symbol, an extension or the list of services",
          },
        };
    }
  };
}

const notFound: Answer = {
  case: "errorResponse",
  value: { errorCode: Code.NotFound, errorMessage: "this server does not know it; list_services lists its services" },
};
