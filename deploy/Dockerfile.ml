# syntax=docker/dockerfile:1.20
# ml-service and what it needs to load, score and explain.
# From the repository's root: docker build -f deploy/Dockerfile.ml -t bellwether-ml:0.1.0 .

FROM node:24.21.0-bookworm-slim AS install
WORKDIR /app
COPY --parents package.json package-lock.json .npmrc gen/package.json services/*/package.json services/lib/*/package.json ./
RUN npm ci --omit=dev --workspace=@bellwether/ml-service
# ONNX Runtime comes for every system.
RUN rm -rf node_modules/onnxruntime-node/bin/*/darwin node_modules/onnxruntime-node/bin/*/win32
RUN mkdir -p ../folders/models ../folders/data

FROM node:24.21.0-bookworm-slim
# Inside a container loopback is no door to anybody; without authentication the service refuses to start on this address.
ENV NODE_ENV=production ORT_DISABLE_TELEMETRY=1 BELLWETHER_HOST=0.0.0.0
WORKDIR /app
# Packages that npm does not hoist lie in the workspaces.
COPY --from=install /app .
COPY gen gen
COPY services/lib services/lib
COPY services/ml-service services/ml-service
# A new volume takes its owner from here.
COPY --from=install --chown=1000:1000 /folders /var/lib/bellwether
# The user "node", as a number: Kubernetes cannot see that a name is not root.
USER 1000:1000
EXPOSE 8081 9081 9481
CMD ["node", "services/ml-service/src/main.ts"]
