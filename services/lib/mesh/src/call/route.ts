import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { type BoundMethod, bindMethod, type Handler } from "./bound-method.ts";

/** A service with its implementation, which every listener can mount. Build it with `route`. */
export interface Route {
  readonly service: DescService;
  readonly methods: readonly BoundMethod[];
  /** Names of the RPCs that have an implementation: "Predict". The others answer UNIMPLEMENTED. */
  readonly implemented: ReadonlySet<string>;
}

/** Binds an implementation to its service. An RPC without implementation answers UNIMPLEMENTED. */
export function route<S extends DescService>(service: S, implementation: Partial<ServiceImpl<S>>): Route {
  const handlers = implementation as Readonly<Record<string, Handler | undefined>>;
  const methods = service.methods.map((method) => {
    const handler = handlers[method.localName];
    return bindMethod(method, handler ? handler.bind(implementation) : unimplemented(method));
  });
  const implemented = service.methods.filter(({ localName }) => handlers[localName] !== undefined);
  return { service, methods, implemented: new Set(implemented.map(({ name }) => name)) };
}

function unimplemented(method: DescMethod): Handler {
  return () => {
    throw new ConnectError(`${method.parent.typeName}.${method.name} is not implemented`, Code.Unimplemented);
  };
}
