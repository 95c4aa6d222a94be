import { readComponents, readResourcesPath } from '../components.ts';
import { type MemberId, optionalMemberIds } from './settings.ts';

/**
 * The members of `--with`. Call it after the encoding of the mandates is known.
 * @throws Error for a name that is not one of `optionalMemberIds`, and for a member that would receive no events
 */
export const readOtherMembers = (names: readonly string[], env: NodeJS.ProcessEnv): MemberId[] =>
  [...new Set(names)].map((name) => {
    const id = optionalMemberIds.find((one) => one === name);
    if (!id) throw new Error(`--with ${name} is unknown: a lab can run with ${optionalMemberIds.join(', ')}.`);
    if (env.MANDATES_ENCODING === 'avro')
      throw new Error(`--with ${id} needs the mandates in JSON, but MANDATES_ENCODING or RESOURCES_PATH selects Avro.`);
    const folder = readResourcesPath(env);
    const component = `${id}-pubsub`;
    if (!readComponents(folder).some((one) => one.name === component))
      throw new Error(`--with ${id} needs the component ${component}, which ${folder} does not have.`);
    return id;
  });
