import type { DeliveryStatus } from '../contracts/connection.transport.js';
import type { DeliveryCounts } from './fan-out.observer.js';

/** Counts that start at nothing. */
export function noDeliveries(): { -readonly [Count in keyof DeliveryCounts]: number } {
  return { delivered: 0, gone: 0, throttled: 0, failed: 0 };
}

/** What each outcome counts as. */
export const COUNTED_AS: Readonly<Record<DeliveryStatus, keyof DeliveryCounts>> = Object.freeze({
  delivered: 'delivered',
  gone: 'gone',
  throttled: 'throttled',
  'too-large': 'failed',
  forbidden: 'failed',
  failed: 'failed',
});
