import type { Resource, Template } from './cloudformation.js';

/** What the constructs of the CDK call otherwise than the other templates do. */
const OTHERWISE: Readonly<Record<string, string>> = {
  Broadcasts: 'WorkerLambdaFunctionBroadcasts',
  HalfHourly: 'SweepLambdaFunctionHalfHourly',
  'WebsocketsApi/$connect-Route/WebsocketsIntegration': 'WebsocketWebsocketsIntegration',
  'WebsocketsApi/WebsocketsAuthorizer': 'AuthorizerWebsocketsAuthorizer',
};

const ROUTE = /^WebsocketsApi\/(\$?\w+)-Route(?:\/(Response))?$/;

/** The template of a stack with the chat as the construct `id`, by the names that the other templates have: paths in the tree of constructs, instead of names with a hash. */
export function named<T extends Template>(template: T, id: string): T {
  let text = JSON.stringify(template);
  for (const [logicalId, resource] of Object.entries(template.Resources)) {
    if (pathOf(resource).includes(`/${id}/`)) {
      text = text.replaceAll(`"${logicalId}"`, JSON.stringify(nameOf(resource, id)));
    }
  }
  return JSON.parse(text) as T;
}

const pathOf = ({ Metadata }: Resource): string =>
  (Metadata as { readonly 'aws:cdk:path': string })['aws:cdk:path'].replace(/\/Resource$/, '');

function nameOf(resource: Resource, id: string): string {
  const path = pathOf(resource);
  const within = path.slice(path.indexOf(`/${id}/`) + id.length + 2);
  const [, key, response = ''] = ROUTE.exec(within) ?? [];
  if (key !== undefined) return `${key.replace('$', 'S')}WebsocketsRoute${response}`;
  return OTHERWISE[within] ?? within.replaceAll('/', '');
}
