import { SystemClock, inTime, LATE } from '../../contracts/clock.js';
import { reasonOf } from '../../health/failure.reason.js';
import type { SigningCredentials } from '../../signing/request.signer.js';
import { SdkCaller } from '../../transports/management-api/sdk.caller.js';
import type { ResolvedWebSocketOptions } from '../../websocket.options-resolver.js';
import { ok, problem, skipped, type Finding } from './finding.js';

const REMEDY =
  'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run "aws sso login", or give the function or the machine a role.';

const NOT_NEEDED = 'Nothing that is configured needs AWS credentials.';

/** Where API Gateway is the gateway, it takes no message without them. */
const NOT_ASKED = 'Messages to API Gateway need AWS credentials; with --endpoint they are looked for.';

export interface FoundCredentials {
  readonly credentials: SigningCredentials | null;
  readonly finding: Finding;
}

/** Looks for what requests to AWS are signed with, where the AWS SDK looks; nothing of it is told. */
export async function checkCredentials(
  options: ResolvedWebSocketOptions,
  timeoutMs: number,
): Promise<FoundCredentials> {
  const { apiGatewayEndpoint, dynamodb, awsRegion } = options;
  const isNeeded = apiGatewayEndpoint !== null || (dynamodb !== null && dynamodb.client === null);
  if (!isNeeded && options.credentials === null) {
    return { credentials: null, finding: skipped('credentials', options.gateway === null ? NOT_ASKED : NOT_NEEDED) };
  }
  const caller = new SdkCaller({ ...options, region: awsRegion });
  try {
    const reading = caller.credentials(apiGatewayEndpoint ?? 'https://localhost', false);
    const credentials = await inTime(new SystemClock(), timeoutMs, reading);
    if (credentials === LATE) return missing('nothing answered in time');
    const { expiration } = credentials;
    if (expiration !== undefined && expiration.getTime() <= Date.now()) {
      return { credentials: null, finding: problem('credentials', 'The AWS credentials have expired.', REMEDY) };
    }
    return { credentials, finding: ok('credentials', 'AWS credentials were found.') };
  } catch (error) {
    return missing(reasonOf(error));
  } finally {
    caller.destroy();
  }
}

function missing(reason: string): FoundCredentials {
  return { credentials: null, finding: problem('credentials', `No AWS credentials were found (${reason}).`, REMEDY) };
}
