# syntax=docker/dockerfile:1

# The console and its build tools, and then the dependencies of production alone.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/build-console.js
RUN npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/supabase/migrations ./supabase/migrations
COPY --from=build /app/app.yml ./
COPY --from=build /app/src ./src
RUN ln -s /app/src/cli.ts /usr/local/bin/pr-capture && mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000
# The server is healthy when it reaches its database and its setup has no problem.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node is the container's first process and ends on SIGTERM within 10 seconds.
STOPSIGNAL SIGTERM
CMD ["node", "src/server.ts"]
