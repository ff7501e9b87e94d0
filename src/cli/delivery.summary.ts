import type { DeliveryReport } from '../contracts/delivery-report.js';
import { ExitCode } from './exit-code.js';
import type { Output } from './output.js';

/** What to do about connections that a message did not reach, by the reason of the outcome. */
const REMEDIES: Readonly<Record<string, string>> = Object.freeze({
  'other-process':
    'their sockets are held by other processes, which only a store that carries messages reaches: keep connections in Redis.',
  'no-endpoint': 'their endpoint is not known: give --endpoint, or set WEBSOCKET_API_GATEWAY_ENDPOINT.',
  CredentialsProviderError:
    'no AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID; "nest-websocket doctor" looks closer.',
  forbidden: 'the credentials must be allowed execute-api:ManageConnections; "nest-websocket doctor" looks closer.',
});

const LOST = 'The store stopped answering: not everyone was looked up. ';

/** Writes what became of a message. @returns the exit code that says it */
export async function summarize(output: Output, report: DeliveryReport): Promise<number> {
  const { outcomes, ...counts } = report;
  const reasons = reasonsOf(outcomes);
  if (output.isJson) await output.documents([{ ...counts, ...(reasons !== null && { reasons }) }]);
  else {
    await output.lines([sentenceOf(report)]);
    for (const [reason, count] of Object.entries(reasons ?? {})) {
      output.note(`${count} × ${reason}${reason in REMEDIES ? `: ${REMEDIES[reason]}` : ''}`);
    }
  }
  return exitCodeOf(report);
}

function sentenceOf({ delivered, gone, throttled, failed, aborted, partial, handedOver }: DeliveryReport): string {
  if (handedOver !== undefined) {
    const { broadcastId, recipients, shards } = handedOver;
    const refused = failed === 0 ? '' : ` The queue refused ${failed} more.`;
    return `Handed over to workers: ${recipients} recipients in ${shards} shards, broadcast ${broadcastId}.${refused}`;
  }
  const early = partial === true ? LOST : aborted === true ? 'Ended early. ' : '';
  if (delivered + gone + throttled + failed === 0) return `${early}There is nobody to send to.`;
  const others = Object.entries({ gone, throttled, failed }).filter(([, count]) => count > 0);
  const rest = others.map(([status, count]) => `, ${count} ${status}`).join('');
  const reached = delivered === 0 ? 'nobody' : delivered === 1 ? '1 connection' : `${delivered} connections`;
  return `${early}Delivered to ${reached}${rest}.`;
}

function exitCodeOf({ delivered, throttled, failed, aborted, partial, handedOver }: DeliveryReport): number {
  if (partial === true) return ExitCode.unavailable;
  if (aborted === true) return ExitCode.interrupted;
  if (failed + throttled > 0) return ExitCode.failed;
  if (handedOver !== undefined || delivered > 0) return ExitCode.done;
  return ExitCode.nobody;
}

/** How many recipients there were for each reason of a failure; `null` where the outcomes were not kept. */
function reasonsOf(outcomes: DeliveryReport['outcomes']): Record<string, number> | null {
  if (outcomes === undefined) return null;
  const counts: Record<string, number> = {};
  for (const { status, reason = status } of Object.values(outcomes)) {
    if (status === 'delivered') continue;
    // Why an endpoint forbids something it puts into whatever words it likes.
    const word = status === 'forbidden' ? status : reason;
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}
