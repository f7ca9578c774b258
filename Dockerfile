# One image for all of Keybin. The default command is the API, with the embedded engine and its data in /data.
# `node worker/dist/main.js` is the worker, and `keybin` the command line.

FROM node:24-bookworm-slim AS build
WORKDIR /keybin
# Only package.json files first: dependencies are installed again only when one of these changes
COPY package.json package-lock.json ./
COPY api/package.json api/
COPY bench/package.json bench/
COPY cli/package.json cli/
COPY procfile/package.json procfile/
COPY shared/package.json shared/
COPY test/package.json test/
COPY worker/package.json worker/
RUN npm ci --no-audit --no-fund
COPY tsconfig.base.json ./
COPY shared shared
COPY api api
COPY worker worker
COPY cli cli
RUN npx tsc -b shared api worker cli
# Only what these four need at run time. `npm prune` would keep what the tests and the benchmark depend on
RUN npm ci --omit=dev --workspace=shared --workspace=api --workspace=worker --workspace=cli --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production PATH=/keybin/bin:$PATH KEYBIN_APP_HOST=0.0.0.0 KEYBIN_STORE_HOST=lmdb:///data
WORKDIR /keybin
COPY --from=build /keybin/node_modules node_modules
COPY --from=build /keybin/shared shared
COPY --from=build /keybin/api api
COPY --from=build /keybin/worker worker
COPY --from=build /keybin/cli cli
COPY bin bin
COPY deploy/docker deploy/docker
RUN install -d -o node -g node -m 700 /data
USER node
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "deploy/docker/is-ready.mjs", "http://127.0.0.1:5000/readyz"]
CMD ["node", "--max-semi-space-size=32", "api/dist/main.js"]
