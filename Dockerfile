# Leveret in a container. Build and run:
#   docker build -t leveret . && docker run -p 5672:5672 -p 15672:15672 -v leveret:/var/lib/leveret leveret
# The first user is guest, with that password: RABBITMQ_DEFAULT_USER, RABBITMQ_DEFAULT_PASS and RABBITMQ_DEFAULT_VHOST
# say otherwise, and LEVERET_... each other setting (docs/configuration.md). It runs as a user without rights, writes
# to /var/lib/leveret alone (so `--read-only` is fine), and needs no shell.

# Builds the package, and installs what it needs of others, as the lock file says.
FROM node:22-trixie-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm pack --pack-destination /tmp
WORKDIR /opt/leveret
RUN tar -xzf /tmp/leveret-*.tgz --strip-components=1 \
  && cp /src/package-lock.json . \
  && npm ci --omit=dev --no-audit --no-fund

FROM node:22-trixie-slim
RUN groupadd --system --gid 999 leveret \
  && useradd --system --uid 999 --gid leveret --home-dir /var/lib/leveret --shell /usr/sbin/nologin leveret \
  && install --directory --owner=leveret --group=leveret --mode=0750 /var/lib/leveret
COPY --from=build /opt/leveret /opt/leveret
RUN ln -s /opt/leveret/dist/cli/main.js /usr/local/bin/leveret
ENV NODE_ENV=production LEVERET_DATA=/var/lib/leveret LEVERET_HOST=:: LEVERET_HTTP_HOST=::
WORKDIR /var/lib/leveret
VOLUME /var/lib/leveret
USER 999:999
# AMQP; AMQP by TLS, once there is a certificate; the web page and the HTTP API.
EXPOSE 5672 5671 15672
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["leveret", "healthcheck"]
ENTRYPOINT ["leveret"]
