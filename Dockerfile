# Both services; docker-compose.yml says which. Never built where it was written: there is no Docker engine there.
FROM node:20.19.0-bookworm-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY . .
RUN mkdir -p .data && chown node .data
USER node
