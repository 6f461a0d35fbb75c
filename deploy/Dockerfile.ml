# syntax=docker/dockerfile:1.20
# Image of ml-service: one bundle of its code, and ONNX Runtime.
# In the root of the repository: docker build -f deploy/Dockerfile.ml -t bellwether-ml:0.1.0 .

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY --parents package.json package-lock.json .npmrc gen/package.json services/*/package.json services/lib/*/package.json ./
# The bundler is a package of the root.
RUN npm ci --workspace=@bellwether/ml-service --include-workspace-root
# The package of ONNX Runtime contains the libraries of all systems: keep only those of this one.
RUN rm -rf node_modules/onnxruntime-node/bin/*/darwin node_modules/onnxruntime-node/bin/*/win32
COPY gen gen
COPY services/lib services/lib
COPY services/ml-service services/ml-service
COPY --parents scripts/bundle.ts scripts/bundle scripts/command-line.ts ./
# Of a thousand small files, reading and linking takes longer than everything else that a start does.
RUN node scripts/bundle.ts ml-service
RUN mkdir -p ../folders/models ../folders/data

FROM node:24.21.0-bookworm-slim
# Nothing outside a container can reach its loopback address. On the address below, the service starts only with authentication.
ENV NODE_ENV=production ORT_DISABLE_TELEMETRY=1 BELLWETHER_HOST=0.0.0.0 NODE_COMPILE_CACHE=/app/compile-cache
# The memory of large requests goes back to the system when it is freed. By default, glibc keeps some 100 MB of it.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=1048576
WORKDIR /app
# A bundle cannot contain a native library.
COPY --from=build /app/node_modules/onnxruntime-node node_modules/onnxruntime-node
COPY --from=build /app/node_modules/onnxruntime-common node_modules/onnxruntime-common
COPY --from=build /app/services/ml-service/package.json services/ml-service/package.json
COPY --from=build /app/services/ml-service/dist services/ml-service/dist
# A new volume gets the owner of this folder.
COPY --from=build --chown=1000:1000 /folders /var/lib/bellwether
RUN mkdir compile-cache && chown 1000:1000 compile-cache
# The user "node", as a number: Kubernetes cannot verify for a name that it is not root.
USER 1000:1000
# A process writes its compiled code when it ends, and only for its own user and options: start the service once as below, and end it when it is ready.
RUN NODE_COMPILE_CACHE=compile-cache BELLWETHER_HOST=127.0.0.1 BELLWETHER_AUDIT_SINK=off node --min-semi-space-size=4 --max-semi-space-size=16 -e 'const service = require("node:child_process").fork("services/ml-service/dist/main.js"); service.once("message", () => service.disconnect()); service.once("exit", (code) => process.exit(code ?? 1));'
EXPOSE 8081 9081 9481
# The option is explained where npm start uses it: services/cli/src/launch/service-process.ts.
CMD ["node", "--min-semi-space-size=4", "--max-semi-space-size=16", "services/ml-service/dist/main.js"]
