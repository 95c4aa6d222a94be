# Both services; docker-compose.yml says which. Never built where it was written: there is no Docker engine there.
FROM node:20.19.0-bookworm-slim@sha256:5cfa999422613d3b34f766cbb814d964cbfcb76aaf3607e805da21cccb352bac
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY . .
RUN mkdir -p .data && chown node .data
USER node
