import { pubsubOf, readComponents } from '../components.ts';
import { views } from '../views.ts';
import type { ViewState } from './readiness.ts';
import { type LabSettings, type MemberId, type MemberPlan, memberIds } from './settings.ts';

export const help = `Usage: npm run lab -- [status | stop MEMBER | start MEMBER] [--with billing] [--all-logs]
Runs the stack (Kafka, Redis, MariaDB, Zipkin), the three services and their Dapr sidecars until Ctrl-C.

Ctrl-C stops services and sidecars; the stack keeps running until npm run stack -- down. A sidecar that ends is restarted; a
service that ends ends the lab. npm run status, rebuild, consumer-group, explain and dead-letters take store, group, ports,
components and token from the running lab.

Commands, from a second terminal
  status           shows what runs, and whether it is ready
  stop MEMBER      stops a service and its sidecar, and waits until they have left their consumer group
                   MEMBER is crm, iot-platform or customer-view; in a lab with it also billing
  start MEMBER     starts them again, with the YAML as it is now and another STATESTORE_NAME or CONSUMER_GROUP where that is set

Options
  --with billing   also runs the subscriber in Python, examples/billing-python; its first start installs Python packages (about a minute)
  --all-logs       also shows the messages of the sidecars that every lab logs, such as that mTLS is disabled
  --help           shows this text

Environment (.env.example lists the variables of the services, npm run stack -- --help the ports of the stack)
  RESOURCES_PATH   folder of the Dapr components (default: dapr-components)
                   dapr-components/variants/avro: the mandates in Avro, with a schema registry (docs/schemas.md)
  LAB_PORTS        base of the ports of services and sidecars: 33000 moves 3005 to 33005; commands in other terminals need it too
  APP_API_TOKEN    token of the sidecars for calls to the services (default: random)
  DAPR_API_TOKEN   token that the sidecars require of every caller (default: random); it is in .data/lab.token while the lab runs
  OPERATOR_TOKEN   token of the operator (default: random, and printed; docs/operations.md)
  CONSUMER_GROUP   consumer group of the IoT platform (default: the consumerGroup in the component's YAML)
  CUSTOMER_VIEW_DATABASE_URL
                   database of the customer-view (default: sqlite:STACK_DIR/customer-view.sqlite)
  REDIS_URL        Redis of the IoT platform (default: Redis of the stack, where a component of the IoT platform uses it)

Examples
  npm run lab
  npm run lab -- --with billing
  npm run lab -- stop iot-platform
  STATESTORE_NAME=durable-statestore npm run lab -- start iot-platform

Exit codes
  0  Ctrl-C ended the lab, or the command is done
  1  the lab could not start, a service ended, or the command failed; the message says what to do`;

/** @param ids the members of the lab (default: the services of the platform) */
export const formatWalkThrough = (
  { members, zipkin, tokenFile }: LabSettings,
  ids: readonly MemberId[] = memberIds,
): string => {
  const { crm, 'iot-platform': iotPlatform, 'customer-view': customerView } = members;
  const row = (title: string, url: string, daprPort?: number) =>
    `  ${title.padEnd(13)} ${url}${daprPort ? `     sidecar http://localhost:${daprPort}` : ''}`;
  return `
${ids.map((id) => row(members[id].name, members[id].url, members[id].ports.dapr)).join('\n')}
${row('Console', `${crm.url}/console`)}
${row('Traces', zipkin)}

  Try:
    curl '${iotPlatform.url}/?connectionId=7733'
    curl -X POST ${crm.url}/customers/7 -H 'Content-Type: application/json' -d '{"firstName":"Corinne","lastName":"Lopez","city":"Enschede","connectionId":"7733","connectionMandate":"2"}'
    curl '${iotPlatform.url}/?connectionId=7733'
    curl -X POST ${crm.url}/orders -H 'Content-Type: application/json' -d '{"customerId":"7","productId":"p1","quantity":3,"unitPrice":{"amount":1999,"currency":"EUR"},"expectedDeliveryDate":"2026-12-24"}'
    curl ${customerView.url}/customers/7/orders
    curl ${customerView.url}/readyz${ids.includes('billing') ? `\n    curl ${members.billing.url}/billable/7733` : ''}

  A sidecar requires a token, which only you can read:
    curl -H "dapr-api-token: $(cat ${tokenFile})" http://localhost:${iotPlatform.ports.dapr}/v1.0/metadata

  Ctrl-C stops services and sidecars. The stack keeps running: npm run stack -- down
`;
};

/** The two ways to fill a view that misses events, with the commands to type. */
export const formatRemedies = (
  { prefix, resources }: LabSettings,
  { id, name: service }: Pick<MemberPlan, 'id' | 'name'>,
  { name, store, state, warning }: ViewState,
): string => {
  const view = views.find((one) => one.service.appId === id && (name === undefined || one.projection.name === name));
  const isDefault = view === undefined || view.isDefault;
  const ofView = isDefault ? '' : ` -- ${view.projection.viewOption}`;
  const ofTopic = isDefault ? '' : ` --topic ${view.projection.topic.name}`;
  const pubsub = view && pubsubOf(view.service.appId, isDefault ? process.env : {}, readComponents(resources));
  return `
The view${name === undefined ? '' : ` ${name}`} of the ${service} in ${store} is ${state}: ${warning}

Fill it from the log in one of two ways, in a second terminal, while the lab runs.

  a) Rebuild it next to the live view${view?.source ? ` and compare it with the ${view.source.name}` : ''}:
    ${prefix}npm run rebuild${ofView}

  b) Stop the ${service}, let its consumer group read everything again, and start it:
    ${prefix}npm run lab -- stop ${id}
    ${prefix}npm run consumer-group -- reset --to earliest${ofTopic}
    ${prefix}npm run lab -- start ${id}
  Instead of the reset you can rename consumerGroup in ${pubsub?.file ?? resources}: a new group reads from the first event.
`;
};
