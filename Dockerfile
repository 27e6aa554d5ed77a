# syntax=docker/dockerfile:1
# One image for API, worker and migrations: `serve`, `worker`, `migrate deploy`.
# Debian, since Temporal's core needs glibc. The version is the one that the tests run with.
ARG NODE_VERSION=20.20.2

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:${NODE_VERSION}-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Optional are the binaries of the embedded PostgreSQL and of compilers; nothing here needs them.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM node:${NODE_VERSION}-bookworm-slim AS runtime
LABEL org.opencontainers.image.title="Tinman" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    TINMAN_MODE=shadow \
    TINMAN_HOST=0.0.0.0 \
    TINMAN_HOME=/var/lib/tinman
WORKDIR /app
RUN install --directory --owner=65532 --group=65532 --mode=0700 /var/lib/tinman
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json risk_policy.yaml ./
COPY prisma/migrations ./prisma/migrations
COPY proto ./proto
COPY families ./families
COPY --from=build /build/dist ./dist
USER 65532:65532
VOLUME /var/lib/tinman
EXPOSE 8000 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.TINMAN_METRICS_PORT ?? 9090) + '/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["serve"]
