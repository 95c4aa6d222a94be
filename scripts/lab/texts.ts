import { pubsubOf, readComponents } from '../components.ts';
import type { ViewState } from './readiness.ts';
import type { LabSettings } from './settings.ts';

export const help = `Usage: npm run lab
Starts the stack (Kafka, Redis, MariaDB, Zipkin), both services and their Dapr sidecars, and prints what to try. It runs until
Ctrl-C, which stops services and sidecars; the stack keeps running: npm run stack -- down
A sidecar that ends is started again; a service that ends ends the lab.

From a second terminal, while it runs:
  npm run lab -- status                        what runs, and whether it is ready
  npm run lab -- stop crm|iot-platform         stops the service and its sidecar; they have left their consumer group then
  npm run lab -- start crm|iot-platform        starts them again, with the YAML as it is now
  STATESTORE_NAME=durable-statestore npm run lab -- start iot-platform
                                               the same, with its view in another store from now on; CONSUMER_GROUP likewise

Environment, beside that of the services (see .env.example) and the ports of the stack (npm run stack -- --help):
  RESOURCES_PATH   the Dapr components (dapr-components)
  LAB_PORTS        moves the ports of services and sidecars: 33000 makes 3005 33005. Other terminals need it too.

  APP_API_TOKEN    what the sidecars prove themselves with to the services (by chance)
  DAPR_API_TOKEN   what is asked of every call to a sidecar (by chance). While the lab runs it is in .data/lab.token, which the
                   commands of this project read: nothing has to be exported for them.

The lab gives the IoT platform CONSUMER_GROUP, from the component's YAML unless it is set, and REDIS_URL where it uses Redis.
npm run status, rebuild, consumer-group, explain and dead-letters take store, group, ports, components and token from the running lab.`;

export const walkThrough = ({ members, zipkin, tokenFile }: LabSettings): string => {
  const { crm, 'iot-platform': iotPlatform } = members;
  const row = (title: string, url: string, daprPort?: number) =>
    `  ${title.padEnd(13)} ${url}${daprPort ? `     sidecar http://localhost:${daprPort}` : ''}`;
  return `
${row('CRM', crm.url, crm.ports.dapr)}
${row('IoT platform', iotPlatform.url, iotPlatform.ports.dapr)}
${row('Traces', zipkin)}

  Try:
    curl '${iotPlatform.url}/?connectionId=7733'
    curl -X POST ${crm.url}/customers/7 -H 'Content-Type: application/json' -d '{"firstName":"Corinne","lastName":"Lopez","city":"Enschede","connectionId":"7733","connectionMandate":"2"}'
    curl '${iotPlatform.url}/?connectionId=7733'
    curl ${iotPlatform.url}/readyz

  A sidecar asks for a token, which only you can read:
    curl -H "dapr-api-token: $(cat ${tokenFile})" http://localhost:${iotPlatform.ports.dapr}/v1.0/metadata

  Ctrl-C stops services and sidecars.
`;
};

/** What a person can do about a view that misses events, with the commands as they are to be typed. */
export const remedies = ({ prefix, resources }: LabSettings, { store, state, warning }: ViewState): string => {
  const pubsub = pubsubOf(process.env, readComponents(resources));
  return `
The view of the IoT platform in ${store} is ${state}: ${warning}

Fill it from the log in one of two ways, in a second terminal. The lab keeps running meanwhile.

  a) Rebuild it beside the live one, compared with the CRM:
    ${prefix}npm run rebuild

  b) Stop the IoT platform, let its consumer group read everything again, and start it:
    ${prefix}npm run lab -- stop iot-platform
    ${prefix}npm run consumer-group -- reset --to earliest
    ${prefix}npm run lab -- start iot-platform
  Instead of the reset you may rename consumerGroup in ${pubsub?.file ?? resources}: a new group reads from the first event.
`;
};
