import { InputData, JSONSchemaInput, quicktype } from 'quicktype-core';

/** Languages for which types are generated. */
export type Language = 'go' | 'python';

/**
 * Generates the types of an event, as `npx quicktype` does.
 * @param name the name of the event, as in `ConnectionMandateChanged`
 * @param schema the text of its JSON Schema
 * @param packageName the Go package
 */
export const generateTypes = async (
  language: Language,
  { name, schema, packageName }: { name: string; schema: string; packageName: string },
): Promise<string> => {
  const input = new JSONSchemaInput(undefined);
  await input.addSource({ name, schema });
  const inputData = new InputData();
  inputData.addInput(input);
  const rendererOptions = language === 'go' ? { package: packageName } : {};
  const { lines } = await quicktype({ inputData, lang: language, rendererOptions });
  return `${lines.join('\n')}\n`;
};
