# Named once, but not by an argument, which Dependabot does not read.
FROM node:24-slim AS node

FROM node AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json build.js write-contract.js write-licences.js openapi.yaml ./
COPY src ./src
COPY docs-page ./docs-page
RUN npm run build

FROM node
WORKDIR /app
# Owned by root and run as another user, so that the process cannot change its files.
COPY --from=build /app/dist ./dist
COPY package.json ./
# AUTH_MODE has no default here on purpose: on an address other than loopback it must be set.
ENV NODE_ENV=production REKOGNITION_BACKEND=aws HOST=0.0.0.0 PORT=8080
# For a container of 256 MiB: by default V8 would take all of that for the heap (docs/operations.md, Size).
ENV NODE_OPTIONS="--max-old-space-size=112 --max-semi-space-size=8"
# By number, so that Kubernetes knows that it is not root. Any other number works too, and so does a read-only root.
USER 1000:1000
# 9464 is for Prometheus only: publish only 8080.
EXPOSE 8080 9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/server.js"]
