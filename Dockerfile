# The image of both services; docker-compose.yml chooses the command. It was never built where it was written, for lack of a Docker
# engine; tests/image.integration.test.ts replays its instructions.
FROM node:20.19.0-bookworm-slim@sha256:5cfa999422613d3b34f766cbb814d964cbfcb76aaf3607e805da21cccb352bac
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY . .
RUN mkdir -p .data && chown node .data
USER node
